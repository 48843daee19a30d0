import type { RolloutStatus } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import { hashOf, replicaSet, service, snapshot, stableStatus } from './testing/build.ts';

const blueGreen = { activeService: 'active', autoPromotionEnabled: false };
const [one, two] = [hashOf('shop:1'), hashOf('shop:2')];

describe('a blue-green version that replaces one which was never there in full', () => {
  const neverHealthy: RolloutStatus = {
    ...stableStatus('shop:1'),
    phase: 'Progressing',
    conditions: stableStatus('shop:1').conditions!.filter(({ type }) => type !== 'Healthy'),
  };
  const decide = (status: RolloutStatus, selected: string | undefined, available: number) =>
    decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { blueGreen },
        status,
        sets: [
          replicaSet('shop:1', { revision: 1, spec: 4, available: 0 }),
          replicaSet('shop:2', { revision: 2, spec: 4, available }),
        ],
        services: [service('active', selected)],
        revision: 2,
      }),
    );
  const switchesTo = ({ actions }: ReturnType<typeof decideRollout>): string | undefined =>
    actions.find((action) => action.kind === 'SwitchService')?.hash;

  test('is the stable one from the start, and waits for nobody: no version was ever approved', () => {
    const decision = decide(neverHealthy, undefined, 4);
    expect(decision.status.stableRS).toBe(two);
    expect(decision.status.pauseConditions).toBeUndefined();
    expect(switchesTo(decision)).toBe(two);
    expect(switchesTo(decide(neverHealthy, undefined, 0))).toBeUndefined();
  });
  test('waits for approval where the active Service was applied anew while a version was served', () => {
    const decision = decide(stableStatus('shop:1'), undefined, 4);
    expect(decision.status).toMatchObject({ stableRS: one, pauseConditions: [{ reason: 'BlueGreenPause' }] });
    expect(switchesTo(decision)).toBeUndefined();
  });
});
