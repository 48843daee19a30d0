import { readFileSync } from 'node:fs';
import type { AnalysisRun, Experiment, Pod, ReplicaSet, Rollout } from '@sluice/model';
import type { OwnedObjects, Workload } from '../src/view/objects.ts';
import { type FakeApi, type StoredObject, startFakeApi } from './fake-api.ts';

/** The objects of a recorded moment (tools/parity/takeover), as another controller left them on a real API server. */
export function recordedObjects(moment: string): StoredObject[] {
  const file = new URL(`../../../tools/parity/takeover/${moment}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as StoredObject[];
}

export interface RecordedMoment {
  readonly rollout: Rollout;
  readonly owned: OwnedObjects;
  readonly workload: Workload | undefined;
}

export function recordedMoment(moment: string): RecordedMoment {
  const objects = recordedObjects(moment);
  const ofKind = <T>(kind: string) => objects.filter((object) => object.kind === kind) as unknown as T[];
  const replicaSets = ofKind<ReplicaSet>('ReplicaSet');
  return {
    rollout: ofKind<Rollout>('Rollout')[0] as Rollout,
    owned: {
      replicaSets,
      pods: replicaSets.flatMap(podsOf),
      experiments: ofKind<Experiment>('Experiment'),
      analysisRuns: ofKind<AnalysisRun>('AnalysisRun'),
    },
    workload: ofKind<Workload>('Deployment')[0],
  };
}

/** The recordings hold no pods: these are the ones that their ReplicaSets would have, running, a second younger than the set. */
export function podsOf(replicaSet: ReplicaSet): Pod[] {
  return Array.from({ length: replicaSet.status?.replicas ?? 0 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${replicaSet.metadata.name}-${'abcdefghij'[index] ?? index}`,
      namespace: replicaSet.metadata.namespace,
      uid: `${replicaSet.metadata.uid}-${index}`,
      labels: replicaSet.metadata.labels,
      creationTimestamp: new Date(Date.parse(replicaSet.metadata.creationTimestamp ?? '') + 1000)
        .toISOString()
        .replace('.000', ''),
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: replicaSet.metadata.name,
          uid: replicaSet.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: { containers: [{ name: 'shop' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'shop', ready: true, restartCount: 0, state: { running: {} } }],
    },
  }));
}

/** A recorded moment with its pods behind an API. */
export function startMoment(moment: string): Promise<FakeApi> {
  const objects = recordedObjects(moment);
  const replicaSets = objects.filter(({ kind }) => kind === 'ReplicaSet') as unknown as ReplicaSet[];
  return startFakeApi([...objects, ...(replicaSets.flatMap(podsOf) as unknown as StoredObject[])]);
}
