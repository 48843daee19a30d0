import type { ReplicaSet } from '@sluice/model';
import { expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import { hashOf, replicaSet, service, snapshot, stableStatus } from './testing/build.ts';

// One pod; the active Service was deleted and applied anew, so that it selects no version.

const blueGreen = { activeService: 'active', postPromotionAnalysis: { templates: [{ templateName: 'smoke' }] } };

const switchesTo = (
  image: string,
  sets: readonly ReplicaSet[],
  status = stableStatus('shop:1'),
): string | undefined => {
  const { actions } = decideRollout(
    snapshot({
      image,
      strategy: { blueGreen },
      spec: { replicas: 1 },
      status: { ...status, blueGreen: { activeSelector: hashOf('shop:2') } },
      sets,
      services: [service('active')],
      revision: 3,
      rest: {
        analysisTemplates: { smoke: { metadata: { name: 'smoke' }, spec: { metrics: [] } } as never },
        capabilities: { routers: [], analysis: true, experiments: false, stepPlugins: [] },
      },
    }),
  );
  return actions.find((action) => action.kind === 'SwitchService')?.hash;
};

/** As somebody has scaled it by hand, before the ReplicaSet controller has seen that. */
const scaledByHand = (set: ReplicaSet, replicas: number): ReplicaSet => ({
  ...set,
  metadata: { ...set.metadata, generation: 2 },
  spec: { ...set.spec, replicas },
});

test('the active Service does not go to a version whose last pod has been scaled away, whatever its counts still say', () => {
  const old = replicaSet('shop:1', { revision: 3, spec: 1, desired: 1 });
  const serving = replicaSet('shop:2', { revision: 2, spec: 1, desired: 1 });
  expect(switchesTo('shop:1', [old, serving])).toBe(hashOf('shop:1'));
  expect(switchesTo('shop:1', [scaledByHand(old, 0), serving])).toBeUndefined();
  // Scaled up again by the controller: the pod may be gone all the same.
  expect(switchesTo('shop:1', [scaledByHand(old, 1), serving])).toBeUndefined();
});

test('an abort takes the active Service back only to pods that stay', () => {
  const aborted = stableStatus('shop:1', undefined, { currentPodHash: hashOf('shop:2'), abort: true });
  const stable = replicaSet('shop:1', { revision: 1, spec: 1, desired: 1 });
  const fresh = replicaSet('shop:2', { revision: 2, spec: 1, desired: 1 });
  expect(switchesTo('shop:2', [stable, fresh], aborted)).toBe(hashOf('shop:1'));
  expect(switchesTo('shop:2', [scaledByHand(stable, 0), fresh], aborted)).toBeUndefined();
});
