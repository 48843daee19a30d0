// The one node of the cluster. It is always ready and never full.
import type { Context } from '../base/context.ts';
import { fresh } from '../base/ownership.ts';
import { nodes } from '../base/resources.ts';
import { timestamp } from '../base/time.ts';

export const nodeName = 'node-1';
export const nodeLabels = {
  'kubernetes.io/hostname': nodeName,
  'kubernetes.io/os': 'linux',
  'kubernetes.io/arch': 'amd64',
} as const;

export function registerNode({ store, clock }: Context): void {
  if (store.get(nodes, undefined, nodeName)) return;
  store.create(nodes, fresh('v1', 'Node', { name: nodeName, labels: nodeLabels }, { spec: {} }));
  const now = timestamp(clock.now());
  const capacity = { cpu: '1000', memory: '4096Gi', pods: '10000' };
  store.modify(
    nodes,
    undefined,
    nodeName,
    (node) => {
      node.status = {
        capacity,
        allocatable: capacity,
        addresses: [
          { type: 'InternalIP', address: '127.0.0.1' },
          { type: 'Hostname', address: nodeName },
        ],
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            lastHeartbeatTime: now,
            lastTransitionTime: now,
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
          },
        ],
        nodeInfo: {
          kubeletVersion: 'local-cluster',
          operatingSystem: 'linux',
          architecture: 'amd64',
          containerRuntimeVersion: 'none',
          osImage: 'local-cluster',
          kernelVersion: '',
          kubeProxyVersion: '',
          machineID: '',
          systemUUID: '',
          bootID: '',
        },
      };
    },
    { subresource: 'status' },
  );
}
