import type { Pod, ReplicaSet, RolloutSpec, RolloutStatus } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import type { RouterObservation } from './routed/intent.ts';
import { at, hashOf, ms, replicaSet, service, snapshot, stableStatus } from './testing/build.ts';

const podsOf = (set: ReplicaSet): Pod[] =>
  Array.from({ length: set.spec.replicas ?? 0 }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${set.metadata.name}-${i}`,
      namespace: 'team',
      uid: `${set.metadata.uid}-${i}`,
      resourceVersion: '1',
      creationTimestamp: at(20),
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: set.metadata.name,
          uid: set.metadata.uid!,
          controller: true,
        },
      ],
    },
    spec: { containers: [] },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(21) }] },
  }));

interface Case {
  readonly image: string;
  readonly strategy: RolloutSpec['strategy'];
  readonly status: RolloutStatus;
  readonly sets: readonly ReplicaSet[];
  readonly selected: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly spec?: Partial<RolloutSpec>;
  readonly router?: RouterObservation;
}

function decide({ image, strategy, status, sets, selected, replicas, spec, router }: Case) {
  return decideRollout(
    snapshot({
      image,
      strategy,
      status,
      sets,
      spec: { replicas, restartAt: at(60), ...spec },
      services: Object.entries(selected).map(([name, version]) => service(name, version)),
      now: 100,
      revision: sets.length,
      rest: {
        pods: sets.flatMap(podsOf),
        ...(router && { routers: { nginx: router } }),
        capabilities: { routers: ['nginx'], analysis: false, experiments: false, stepPlugins: [] },
      },
    }),
  );
}
const evicted = (decision: ReturnType<typeof decide>): readonly string[] =>
  decision.actions.flatMap((action) => (action.kind === 'EvictPod' ? [action.target.name] : []));

describe('A restart in mid-update', () => {
  const canary = {
    stableService: 'stable',
    canaryService: 'canary',
    trafficRouting: { nginx: { stableIngress: 'shop' } },
    steps: [{ setWeight: 5 }, { pause: {} }],
  };
  const observed = (weight: number): RouterObservation => ({
    kind: 'observed',
    intent: {
      stable: { service: 'stable', hash: hashOf('shop:1') },
      canary: { service: 'canary', hash: hashOf('shop:2') },
      weight,
      maxWeight: 100,
      extraDestinations: [],
      headerRoutes: [],
      mirrorRoutes: [],
      managedRoutes: [],
    },
    inSync: true,
    canaryWeight: weight,
    verification: 'unsupported',
  });
  const halfway = (count: number, router: RouterObservation) =>
    decide({
      image: 'shop:2',
      strategy: { canary },
      status: stableStatus('shop:1', canary, {
        observedGeneration: '2',
        currentPodHash: hashOf('shop:2'),
        currentStepIndex: 1,
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: at(50) }],
        controllerPause: true,
        canary: {
          weights: {
            canary: { weight: 5, serviceName: 'canary', podTemplateHash: hashOf('shop:2') },
            stable: { weight: 95, serviceName: 'stable', podTemplateHash: hashOf('shop:1') },
          },
        },
      }),
      sets: [
        replicaSet('shop:1', { spec: count, desired: count, revision: 1 }),
        replicaSet('shop:2', { spec: 1, desired: count, revision: 2 }),
      ],
      selected: { stable: 'shop:1', canary: 'shop:2' },
      replicas: count,
      router,
    });

  test('leaves the last pod of each version that traffic is sent to, and says so', () => {
    const decision = halfway(1, observed(5));
    expect(evicted(decision)).toEqual([]);
    expect(decision.explanation.detail).toContain('waits with the last available pod of ReplicaSet shop-');
  });
  test('takes the last pod of a canary that gets no traffic', () => {
    const router = observed(0);
    expect(evicted(halfway(1, router))).toEqual([`shop-${hashOf('shop:2')}-0`]);
  });
  test('goes on with the pods that are not the last', () => {
    expect(evicted(halfway(3, observed(5)))).toEqual([`shop-${hashOf('shop:1')}-0`]);
  });
  test('takes nothing while nobody knows where traffic is and each version has one pod', () => {
    expect(evicted(halfway(1, { kind: 'unavailable', reason: 'away', lowest: 0, highest: 100 }))).toEqual([]);
  });
  test('is not looked at again as long as only pods that come or go can move it on', () => {
    expect(halfway(1, observed(5)).wakeAt).toBeUndefined();
  });
});

describe('A restart behind a Service', () => {
  const blueGreen = { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false };
  const previewed = (image: string, sets: readonly ReplicaSet[]) =>
    decide({
      image,
      strategy: { blueGreen },
      status: {
        observedGeneration: '2',
        stableRS: hashOf('shop:1'),
        currentPodHash: hashOf(image),
        blueGreen: { activeSelector: hashOf('shop:1'), previewSelector: hashOf(image) },
        pauseConditions: image === 'shop:1' ? undefined : [{ reason: 'BlueGreenPause', startTime: at(50) }],
        controllerPause: image !== 'shop:1',
      },
      sets,
      selected: { active: 'shop:1', preview: image },
      replicas: 1,
    });
  const one = replicaSet('shop:1', { spec: 1, desired: 1, revision: 1 });

  test('leaves the last pod of the active version while the preview has one, and takes that of the preview', () => {
    const two = replicaSet('shop:2', { spec: 1, desired: 1, revision: 2 });
    expect(evicted(previewed('shop:2', [one, two]))).toEqual([`shop-${hashOf('shop:2')}-0`]);
  });
  test('takes the only pod of the only version', () => {
    const decision = previewed('shop:1', [one]);
    expect(evicted(decision)).toEqual([`shop-${hashOf('shop:1')}-0`]);
    expect(decision.wakeAt).toBe(ms(130));
  });
});
