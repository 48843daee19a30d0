import { readFileSync, readdirSync } from 'node:fs';
import { parseTime } from '@sluice/model';
import type { Deployment, KubeObject, ReplicaSet, Rollout, Service } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import { missingCapability } from './hold.ts';
import { noCapabilities } from './snapshot.ts';
import type { RolloutSnapshot, WorkloadObservation } from './snapshot.ts';

const folder = new URL('../../../tools/parity/takeover/', import.meta.url);

/** The latest moment that the objects speak of: about when they were saved. */
function savedAt(objects: readonly KubeObject[]): number {
  const times = JSON.stringify(objects).match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g) ?? [];
  return Math.max(...times.map((time) => parseTime(time) ?? 0));
}

function snapshotOf(file: string): RolloutSnapshot {
  const objects = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as KubeObject[];
  const of = <T extends KubeObject>(kind: string): T[] => objects.filter((object) => object.kind === kind) as T[];
  const rollout = of<Rollout>('Rollout')[0]!;
  const replicaSets = of<ReplicaSet>('ReplicaSet').filter((set) =>
    set.metadata.ownerReferences?.some((owner) => owner.uid === rollout.metadata.uid),
  );
  const deadlines = replicaSets.map((set) => parseTime(set.metadata.annotations?.['scale-down-deadline']) ?? 0);
  const services = Object.fromEntries(of<Service>('Service').map((service) => [service.metadata.name, service]));
  const deployment = of<Deployment>('Deployment')[0];
  const workload: WorkloadObservation =
    rollout.spec.workloadRef && deployment
      ? {
          kind: 'found',
          template: deployment.spec.template,
          selector: deployment.spec.selector,
          generation: deployment.metadata.generation ?? 0,
          replicas: deployment.spec.replicas,
        }
      : { kind: 'inline' };
  const now = Math.min(savedAt(objects), ...deadlines.filter((at) => at > 0).map((at) => at - 1000));
  return { now, rollout, workload, replicaSets, orphans: [], services, pods: [], capabilities: noCapabilities };
}

describe('what the reference left behind is taken over without a write', () => {
  const files = readdirSync(folder).filter((file) => missingCapability(snapshotOf(file)) === undefined);
  expect(files.length).toBeGreaterThan(20);
  test.each(files)('%s', (file) => {
    const snapshot = snapshotOf(file);
    const decision = decideRollout(snapshot);
    expect(decision.status).toEqual(snapshot.rollout.status);
    expect(decision.actions).toEqual([]);
    expect(decision.statusUrgency).toBe('unchanged');
  });
});
