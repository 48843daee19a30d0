// Which pods stand behind a Service, and on which ports.
import type { Pod } from '../base/pod.ts';
import { isReady, isTerminal } from '../base/pod.ts';
import type { Endpoint, EndpointPort, Service } from './kinds.ts';

/** Pods that offer the Service's ports under the same numbers. A named target port may be another number in another version of a pod. */
export interface Backends {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export function backendsOf(service: Service, pods: readonly Pod[]): Backends[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    if (!pod.status?.podIP || isTerminal(pod)) continue;
    const ports = portsOf(service, pod);
    const id = JSON.stringify(ports);
    let group = groups.get(id);
    if (!group) groups.set(id, (group = { ports, endpoints: [] }));
    group.endpoints.push(endpointOf(service, pod));
  }
  return [...groups.values()];
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap(({ name = '', port, protocol = 'TCP', targetPort = port, appProtocol }) => {
    const number = typeof targetPort === 'number' ? targetPort : numberOf(pod, targetPort, protocol);
    // A pod without a port of that name does not offer it.
    return number === undefined ? [] : [{ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

function numberOf(pod: Pod, name: string, protocol: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  for (const { ports = [] } of pod.spec.containers) {
    const port = ports.find((p) => p.name === name && (p.protocol ?? 'TCP') === protocol);
    if (port) return port.containerPort;
  }
  return undefined;
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const { name, namespace = '', uid } = pod.metadata;
  return {
    addresses: [pod.status!.podIP!],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
