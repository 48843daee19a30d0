import { describe, expect, it } from 'vitest';
import { rolloutRunName } from './analysis-template/rollout-runs.ts';
import { snapshot } from './testing/build.ts';
import { decideRollout } from './decide-rollout.ts';

const fits = (name: string): boolean => name.length <= 253 && /^[a-z0-9][-.a-z0-9]*[a-z0-9]$/.test(name);

describe('a Rollout whose name is as long as the API server takes', () => {
  const name = `shop.${'x'.repeat(248)}`;

  it('gets ReplicaSets whose names fit, and that end with the hash', () => {
    const given = snapshot({ image: 'shop:1', strategy: { canary: {} } });
    const named = { ...given, rollout: { ...given.rollout, metadata: { ...given.rollout.metadata, name } } };
    const created = decideRollout(named).actions.flatMap((action) =>
      action.kind === 'CreateReplicaSet' ? [action.replicaSet.metadata] : [],
    );
    expect(created).toHaveLength(1);
    expect(created.every((metadata) => fits(metadata.name))).toBe(true);
    expect(created[0]?.name.endsWith(`-${created[0].labels?.['rollouts-pod-template-hash']}`)).toBe(true);
  });

  it('gets runs whose names fit, tell what they are for, and leave room for a count', () => {
    const rollout = { metadata: { name }, spec: {} };
    const run = { podHash: '5d8f7b9c4d', stableHash: 'x', revision: 12 };
    const names = [
      rolloutRunName(rollout, { ...run, kind: 'Step', stepIndex: 3 }),
      rolloutRunName(rollout, { ...run, kind: 'PrePromotion' }),
      rolloutRunName(rollout, { ...run, kind: 'Background' }),
    ];
    expect(names.every((each) => fits(`${each}.12`))).toBe(true);
    expect(names.map((each) => each.replace(/^.*-5d/, '5d'))).toEqual([
      '5d8f7b9c4d-12-3',
      '5d8f7b9c4d-12-pre',
      '5d8f7b9c4d-12',
    ]);
  });
});
