import { isKubeError } from '@sluice/kube';
import type { RolloutStatus } from '@sluice/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const long = '1970-01-01T00:00:00Z';
const condition = (type: string, status: string, reason: string): object => ({
  type,
  status,
  reason,
  message: 'somebody wrote this',
  lastUpdateTime: long,
  lastTransitionTime: long,
});
const paused = (...reasons: readonly string[]): object => ({
  pauseConditions: reasons.map((reason) => ({ reason, startTime: long })),
});
const everything = [
  ...[
    'currentPodHash',
    'stableRS',
    'currentStepHash',
    'currentStepIndex',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
  ],
  ...[
    'availableReplicas',
    'HPAReplicas',
    'selector',
    'phase',
    'message',
    'canary',
    'blueGreen',
    'duration',
    'collisionCount',
  ],
];

interface Garbage {
  readonly what: string;
  readonly status: object;
  /** What it means in the middle of an update: nothing, or what a user may mean by the same patch. */
  readonly meansInMidUpdate: 'nothing' | 'go on' | 'go back' | 'hold';
  /** Fields that stay as they were written: nobody reads them, or they count on from there. */
  readonly stays: readonly string[];
}

const garbage = (
  what: string,
  status: object,
  meansInMidUpdate: Garbage['meansInMidUpdate'] = 'nothing',
  ...stays: readonly string[]
): Garbage => ({ what, status, meansInMidUpdate, stays });

const rows: readonly Garbage[] = [
  garbage('a step beyond the last', { currentStepIndex: 99 }, 'go on'),
  garbage('a step of 2^40', { currentStepIndex: 2 ** 40 }, 'go on'),
  garbage('a step of -1', { currentStepIndex: -1 }),
  garbage('a step of null', { currentStepIndex: null }),
  garbage('other steps', { currentStepHash: 'zzz' }),
  garbage('a pause for no known reason', paused('Lunch'), 'go on'),
  garbage('a pause of the other strategy', { ...paused('BlueGreenPause'), controllerPause: true }, 'go on'),
  garbage('a pause twice', paused('CanaryPauseStep', 'CanaryPauseStep')),
  garbage('a pause that begins in the year 9999', {
    pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '9999-01-01T00:00:00Z' }],
  }),
  garbage('no pause, and none by the controller', { pauseConditions: null, controllerPause: null }),
  garbage('conditions of 1970', { conditions: [condition('Progressing', 'True', 'ReplicaSetUpdated')] }),
  garbage('an abort that nobody asked for', { conditions: [condition('Progressing', 'False', 'RolloutAborted')] }),
  garbage('a deadline that has not passed', {
    conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')],
  }),
  garbage('an invalid spec that is valid', { conditions: [condition('InvalidSpec', 'True', 'InvalidSpec')] }),
  garbage('a condition of no known type', { conditions: [condition('Tired', 'Maybe', 'Monday')] }),
  garbage('one condition twice', {
    conditions: ['True', 'False'].map((status) => condition('Completed', status, 'Both')),
  }),
  garbage('a generation that is no number', { observedGeneration: 'abc' }),
  garbage('a generation of the future', { observedGeneration: '999' }),
  garbage('a stable version that is none', { stableRS: 'doesnotexist' }, 'hold'),
  garbage('a current version that is none', { currentPodHash: 'doesnotexist' }),
  garbage('wrong counts', {
    replicas: -5,
    updatedReplicas: 77,
    readyReplicas: 2 ** 40,
    availableReplicas: -1,
    HPAReplicas: 12,
  }),
  garbage('another selector', { selector: 'a in (' }),
  garbage('a phase of its own and a long message', { phase: 'Dancing', message: 'x'.repeat(5000) }),
  garbage('the moment of an abort that was none', { abortedAt: long }),
  garbage('an abort', { abort: true, abortedAt: long }, 'go back'),
  garbage('a full promotion', { promoteFull: true }, 'go on'),
  garbage('a pause by the controller that was none', { controllerPause: true }),
  garbage('a restart of the future', { restartedAt: '2999-01-01T00:00:00Z' }, 'nothing', 'restartedAt'),
  garbage('2^31 collisions', { collisionCount: 2 ** 31 }, 'nothing', 'collisionCount'),
  garbage('a blue-green part', {
    blueGreen: { activeSelector: 'x', previewSelector: 'y', scaleUpPreviewCheckPoint: true },
  }),
  garbage('weights without a router', { canary: { weights: { canary: { weight: 50 }, stable: { weight: 999 } } } }),
  garbage(
    'an analysis that does not run',
    { canary: { currentStepAnalysisRunStatus: { name: 'none', status: 'Running' } } },
    'nothing',
    'canary',
  ),
  garbage('a workload that it has not', { workloadObservedGeneration: '7' }),
  garbage('an attempt that begins in the future', {
    duration: { rolloutStartedAt: '2999-01-01T00:00:00Z', completionStatus: 'Maybe' },
  }),
  garbage('fields that nobody knows', { mood: 'good' }),
  garbage('no conditions', { conditions: null }),
  garbage(
    'no status at all',
    Object.fromEntries(everything.concat('conditions', 'observedGeneration').map((name) => [name, null])),
    'go on',
  ),
  garbage(
    'nothing but conditions and a generation',
    Object.fromEntries(everything.map((name) => [name, null])),
    'go on',
  ),
];

const refusals: readonly (readonly [what: string, status: object, says: string])[] = [
  ['a pause without a reason', { pauseConditions: [{}] }, 'status.pauseConditions[0].reason: Required value'],
  ['a pause of null', { pauseConditions: [null] }, 'must be of type object'],
  ['an empty condition', { conditions: [{}] }, 'status.conditions[0].type: Required value'],
  [
    'a condition since yesterday',
    { conditions: [{ ...condition('A', 'True', 'B'), lastUpdateTime: 'yesterday' }] },
    'must be of type date-time',
  ],
  ['a generation that is a number', { observedGeneration: 3 }, 'observedGeneration in body must be of type string'],
  ['an abort at no moment', { abort: true, abortedAt: 'never' }, 'abortedAt in body must be of type date-time'],
  ['an abort in words', { abort: 'yes' }, 'abort in body must be of type boolean'],
];

const nameOf = (row: Garbage): string => `status-${rows.indexOf(row)}`;
const each = (means: Garbage['meansInMidUpdate']): (readonly [string, Garbage])[] =>
  rows.filter(({ meansInMidUpdate }) => meansInMidUpdate === means).map((row) => [row.what, row]);

/** What people and programs act on; how long it took and when a condition was written may differ. */
function essence(status: RolloutStatus, except: readonly string[]): object {
  const { conditions = [], duration: _took, ...rest } = status;
  const told = conditions.filter(({ type }) => type !== 'Paused' && type !== 'Tired');
  const kept = Object.entries(rest).filter(([name, value]) => !except.includes(name) && value !== undefined);
  return {
    ...Object.fromEntries(kept),
    conditions: told.map(({ type, status, reason }) => [type, status, reason].join()).sort(),
  };
}

describe('a status that somebody wrote into', { timeout }, () => {
  const before = new Map<Garbage, object>();
  const written = new Set<Garbage>();

  async function writeInto(row: Garbage): Promise<void> {
    await world.patchStatus(nameOf(row), row.status);
    written.add(row);
  }

  beforeAll(async () => {
    const steps = [{ setWeight: 50 }, { pause: {} }];
    await world.apply(...rows.map((row) => liveRollout(nameOf(row), { canary: { steps } })));
    for (const row of rows) await world.healthy(nameOf(row));
    await world.settled();
    for (const row of rows) before.set(row, essence((await world.rollout(nameOf(row))).status ?? {}, row.stays));
    await Promise.all(rows.map(writeInto));
  }, timeout);

  it.each(refusals)('with %s is refused by the API server', async (_what, status, says) => {
    const refusal = await world.patchStatus(nameOf(rows[0]!), status).then(
      () => undefined,
      (error: unknown) => (isKubeError(error) ? error.serverMessage : String(error)),
    );
    expect(refusal).toContain(says);
  });

  it.each(rows.map((row) => [row.what, row] as const))(
    'with %s is as before once it is at rest',
    async (_what, row) => {
      let last: object = {};
      await world
        .until(`${nameOf(row)}: its status`, async () => {
          last = essence((await world.rollout(nameOf(row))).status ?? {}, row.stays);
          return JSON.stringify(sorted(last)) === JSON.stringify(sorted(before.get(row)!));
        })
        .catch(() => expect(last).toEqual(before.get(row)));
      expect(await world.sizes(nameOf(row))).toBe('shop:1×2');
    },
  );

  it('does not keep any of them from the next update', async () => {
    await Promise.all(rows.map((row) => world.setImage(nameOf(row), 'shop:2')));
    for (const row of rows) await world.paused(nameOf(row), 1);
    await world.settled();
    for (const row of rows) expect(await world.sizes(nameOf(row))).toBe('shop:1×1 shop:2×1');
    await Promise.all(rows.map(writeInto));
    await world.settled();
  });

  it.each(each('nothing'))(
    'with %s pauses in mid-update where it did, and ends when it is promoted',
    async (_what, row) => {
      const name = nameOf(row);
      await world.paused(name, 1);
      expect(await world.sizes(name)).toBe('shop:1×1 shop:2×1');
      await world.promote(name);
      await world.healthy(name);
      expect(await world.sizes(name)).toBe('shop:2×2');
    },
  );

  it.each(each('go on'))('with %s in mid-update goes on to the new version', async (_what, row) => {
    await world.healthy(nameOf(row));
    expect(await world.sizes(nameOf(row))).toBe('shop:2×2');
  });

  it.each(each('hold'))('with %s in mid-update is held until the new version is approved', async (_what, row) => {
    const name = nameOf(row);
    await world.degraded(name);
    expect((await world.rollout(name)).status?.conditions?.map(({ type }) => type)).toContain('StableVersionMissing');
    await world.patchStatus(name, { promoteFull: true });
    await world.healthy(name);
    expect(await world.sizes(name)).toBe('shop:2×2');
  });

  it.each(each('go back'))('with %s in mid-update goes back to the stable version', async (_what, row) => {
    await world.degraded(nameOf(row));
    expect(await world.sizes(nameOf(row))).toBe('shop:1×2');
  });
});

const sorted = (object: object): object =>
  Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)));

describe('annotations that somebody wrote into', { timeout }, () => {
  const words = {
    'rollout.argoproj.io/revision': 'x',
    'rollout.argoproj.io/revision-history': ',,',
    'rollout.argoproj.io/desired-replicas': 'many',
    'rollout.argoproj.io/ephemeral-metadata': '{not json',
    'scale-down-deadline': 'soon',
  };

  it('are mended on the ReplicaSet and the Rollout, whose pods stay as they are', async () => {
    const strategy = { canary: { stableMetadata: { labels: { role: 'stable' } } } };
    await world.apply(liveRollout('noted', strategy));
    await world.healthy('noted');
    const name = (await world.replicaSets('noted'))[0]!.metadata.name;
    await world.patch('ReplicaSet', name, { metadata: { annotations: words } });
    await world.patch('Rollout', 'noted', { metadata: { annotations: { 'rollout.argoproj.io/revision': 'y' } } });
    await world.until('the annotations', async () => {
      const annotations = (await world.replicaSets('noted'))[0]!.metadata.annotations ?? {};
      return (
        annotations['rollout.argoproj.io/revision'] === '1' &&
        annotations['rollout.argoproj.io/desired-replicas'] === '2' &&
        annotations['rollout.argoproj.io/ephemeral-metadata'] === '{"labels":{"role":"stable"}}' &&
        annotations['scale-down-deadline'] === undefined &&
        (await world.rollout('noted')).metadata.annotations?.['rollout.argoproj.io/revision'] === '1'
      );
    });
    expect(await world.sizes('noted')).toBe('shop:1×2');
    await world.setImage('noted', 'shop:2');
    await world.healthy('noted');
    expect((await world.rollout('noted')).metadata.annotations).toMatchObject({ 'rollout.argoproj.io/revision': '2' });
  });

  it('that keep nobody from going when they are about its deadline', async () => {
    const blueGreen = { activeService: 'late-active', scaleDownDelaySeconds: 600 };
    await world.apply(...liveServices('late', 'active'), liveRollout('late', { blueGreen }));
    await world.healthy('late');
    const [old] = await world.replicaSets('late');
    await world.setImage('late', 'shop:2');
    await world.healthy('late');
    expect(await world.sizes('late')).toBe('shop:1×2 shop:2×2');
    await world.patch('ReplicaSet', old!.metadata.name, {
      metadata: { annotations: { 'scale-down-deadline': 'soon' } },
    });
    await world.until('the old version to go', async () => (await world.sizes('late')) === 'shop:2×2');
  });
});
