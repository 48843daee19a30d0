// Users give commands at any moment: also after the spec has changed and before the status says so, and between any two writes of the controller.
import { podTemplateHashLabel } from '@sluice/model';
import type { Rollout, RolloutSpec } from '@sluice/model';
import { describe, expect, it, vi } from 'vitest';
import {
  abort,
  createWorld,
  happenings,
  nextMoment,
  passTime,
  patchRolloutSpec,
  patchRolloutStatus,
  pause,
  play,
  reconcile,
  restart,
  restartController,
  retry,
  routesOf,
  setImage,
  setsOf,
  settle,
  apply,
} from '../src/index.ts';
import type { World } from '../src/index.ts';
import { ROLLOUT, service } from './history.ts';

// Thousands of short histories, on a machine that others use too.
vi.setConfig({ testTimeout: 120_000 });

const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
const timed = [{ setWeight: 25 }, { pause: { duration: 2 } }, { setWeight: 50 }];
const routing = {
  stableService: 'stable',
  canaryService: 'canary',
  trafficRouting: { nginx: { stableIngress: 'shop' } },
};

const strategies: Record<string, RolloutSpec['strategy']> = {
  'a canary that pauses': { canary: { steps } },
  'a canary without steps': { canary: {} },
  'a canary that pauses for a time, with Services': {
    canary: { steps: timed, stableService: 'stable', canaryService: 'canary' },
  },
  'a routed canary that pauses': { canary: { steps, ...routing } },
  'a routed canary without steps': { canary: { ...routing } },
  'blue-green that waits to be promoted': {
    blueGreen: { activeService: 'stable', previewService: 'canary', autoPromotionEnabled: false },
  },
  'blue-green that promotes itself': {
    blueGreen: { activeService: 'stable', previewService: 'canary', autoPromotionSeconds: 2 },
  },
};

const MOMENTS = 120;

function deployed(strategy: RolloutSpec['strategy']): World {
  const isRouted = strategy?.canary?.trafficRouting !== undefined;
  const world = createWorld(isRouted ? { routers: [{ name: 'nginx' }] } : {});
  apply(world, service('stable'), service('canary'), {
    kind: 'Rollout',
    metadata: { name: ROLLOUT },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: ROLLOUT } },
      template: {
        metadata: { labels: { app: ROLLOUT } },
        spec: { containers: [{ name: 'shop', image: 'shop:1', ports: [{ containerPort: 8080 }] }] },
      },
      strategy,
    },
  });
  settle(world);
  expect(current(world).status?.phase).toBe('Healthy');
  return world;
}

const current = (world: World): Rollout => world.store.get('Rollout', ROLLOUT)!;
const imageOf = (world: World, hash: string | undefined): string | undefined =>
  setsOf(world, ROLLOUT).find(({ metadata }) => metadata.labels?.[podTemplateHashLabel] === hash)?.spec.template?.spec
    ?.containers[0]?.image;
const hasPromoted = (world: World): boolean => imageOf(world, current(world).status?.stableRS) !== 'shop:1';

/** One thing that happens, or the next moment at which something does. */
function happen(world: World): boolean {
  const [next] = happenings(world);
  if (next) {
    play(world, next);
    return true;
  }
  const at = nextMoment(world);
  if (at === undefined) return false;
  passTime(world, at);
  return true;
}

type Command = (world: World) => void;

/** When the command comes, counted from the change of the spec. */
interface Moment {
  readonly name: string;
  /** Plays up to there and gives the command; false when nothing happens any more. */
  readonly give: (world: World, command: Command) => boolean;
  /** The controller that saw the spec change has died, so that the order of what is written before the next one starts is unknown. */
  readonly forgets: boolean;
}

/** After so many happenings; between the decision and the first write of the next turn; and between two writes of a controller that dies then. */
function* moments(): Generator<Moment> {
  // Later ones are much alike.
  for (let happened = 0; happened < MOMENTS; happened += happened < 30 ? 1 : 5) {
    const reach = (world: World): boolean => {
      for (let i = 0; i < happened; i++) if (!happen(world)) return false;
      return true;
    };
    const then = (does: (world: World, command: Command) => void) => (world: World, command: Command) => {
      if (!reach(world)) return false;
      does(world, command);
      return true;
    };
    const name = `after ${happened} happenings`;
    yield { name, forgets: false, give: then((world, command) => command(world)) };
    const meanwhile = (world: World, command: Command): void => {
      let isGiven = false;
      const give = (): void => {
        isGiven = true;
        command(world);
      };
      reconcile(world, ROLLOUT, { meanwhile: give });
      if (!isGiven) give();
    };
    yield { name: `${name}, before the first write of a turn`, forgets: false, give: then(meanwhile) };
    for (const writes of [1, 2, 3]) {
      const dies = (world: World, command: Command): void => {
        reconcile(world, ROLLOUT, { diesAfter: writes });
        command(world);
      };
      yield { name: `${name} and ${writes} writes of a controller that dies`, forgets: true, give: then(dies) };
    }
  }
}

interface Trial {
  readonly command: Command;
  /** Of the world at rest. */
  readonly check: (world: World, moment: string) => void;
  /** Only while one controller sees everything that users write. */
  readonly needsOrder?: boolean;
}

/** Gives the command at every moment after the image was changed. */
function atEveryMoment(strategy: RolloutSpec['strategy'], { command, check, needsOrder = false }: Trial): void {
  let [tried, missed] = [0, 0];
  for (const { name, give, forgets } of moments()) {
    if (forgets && needsOrder) continue;
    const world = deployed(strategy);
    setImage(world, ROLLOUT, 'shop:2');
    if (!give(world, command)) {
      if (++missed > 10) break;
      continue;
    }
    missed = 0;
    tried += 1;
    expect(settle(world).ended, name).not.toBe('restless');
    check(world, name);
  }
  expect(tried).toBeGreaterThan(5);
}

function expectAborted(world: World, moment: string, version: string): void {
  const { status = {} } = current(world);
  expect([
    moment,
    status.phase,
    status.abort,
    imageOf(world, status.currentPodHash),
    imageOf(world, status.stableRS),
  ]).toEqual([moment, 'Degraded', true, version, 'shop:1']);
  expect(status.message, moment).toMatch(/^RolloutAborted: /);
  expectServes(world, moment, 'shop:1');
}

function expectServes(world: World, moment: string, image: string): void {
  const stable = setsOf(world, ROLLOUT).find((set) => set.spec.template?.spec?.containers[0]?.image === image);
  expect([moment, stable?.spec.replicas, stable?.status?.availableReplicas]).toEqual([moment, 4, 4]);
  for (const routes of routesOf(world)) if (routes) expect([moment, routes.weight]).toEqual([moment, 0]);
  const selected = world.store.get('Service', 'stable')?.spec?.selector?.[podTemplateHashLabel];
  const isSwitched = current(world).spec.strategy?.blueGreen ?? current(world).spec.strategy?.canary?.stableService;
  if (isSwitched) expect([moment, imageOf(world, selected)]).toEqual([moment, image]);
}

function expectPromoted(world: World, moment: string, image: string): void {
  const { status = {} } = current(world);
  expect([moment, status.phase, imageOf(world, status.stableRS)]).toEqual([moment, 'Healthy', image]);
  expect([moment, status.abort ?? false, status.promoteFull ?? false]).toEqual([moment, false, false]);
  expectServes(world, moment, image);
}

const promoteFull = (world: World): void => patchRolloutStatus(world, ROLLOUT, { promoteFull: true });

describe.each(Object.entries(strategies))('%s', { timeout: 120_000 }, (_, strategy) => {
  let wasPromoted = false;
  const unlessPromoted =
    (command: Command): Command =>
    (world) => {
      wasPromoted = hasPromoted(world);
      if (!wasPromoted) command(world);
    };
  const isAborted = (version: string) => (world: World, moment: string) => {
    if (!wasPromoted) expectAborted(world, moment, version);
  };
  const isPromoted = (version: string) => (world: World, moment: string) => expectPromoted(world, moment, version);

  it('is aborted at whatever moment the user asks for it', () => {
    const command = unlessPromoted((world) => abort(world, ROLLOUT));
    atEveryMoment(strategy, { command, check: isAborted('shop:2') });
  });

  it('is aborted when the abort comes at any moment after a newer version replaced the one under way', () => {
    const command = unlessPromoted((world) => {
      setImage(world, ROLLOUT, 'shop:3');
      abort(world, ROLLOUT);
    });
    atEveryMoment(strategy, { command, check: isAborted('shop:3') });
  });

  it('goes on with a newer version that comes at any moment after an abort', () => {
    const command: Command = (world) => {
      abort(world, ROLLOUT);
      setImage(world, ROLLOUT, 'shop:3');
    };
    const check = (world: World, moment: string): void => {
      const { status } = current(world);
      expect([moment, status?.abort ?? false, imageOf(world, status?.currentPodHash)]).toEqual([
        moment,
        false,
        'shop:3',
      ]);
      promoteFull(world);
      settle(world);
      expectPromoted(world, moment, 'shop:3');
    };
    atEveryMoment(strategy, { command, check, needsOrder: true });
  });

  it('is promoted fully at whatever moment the user asks for it', () => {
    atEveryMoment(strategy, { command: promoteFull, check: isPromoted('shop:2') });
  });

  it('is promoted fully when that is asked for at any moment after another version replaced the one under way', () => {
    const command: Command = (world) => {
      setImage(world, ROLLOUT, 'shop:3');
      promoteFull(world);
    };
    atEveryMoment(strategy, { command, check: isPromoted('shop:3'), needsOrder: true });
  });

  it('is promoted fully when that is asked for directly after an abort', () => {
    const command = unlessPromoted((world) => {
      abort(world, ROLLOUT);
      promoteFull(world);
    });
    atEveryMoment(strategy, { command, check: isPromoted('shop:2'), needsOrder: true });
  });

  it('is promoted fully when that is asked for after an abort has taken effect', () => {
    const command = unlessPromoted((world) => {
      abort(world, ROLLOUT);
      settle(world);
      promoteFull(world);
    });
    atEveryMoment(strategy, { command, check: isPromoted('shop:2') });
  });

  it('is aborted when that is asked for after a full promotion', () => {
    const command = unlessPromoted((world) => {
      promoteFull(world);
      abort(world, ROLLOUT);
    });
    atEveryMoment(strategy, { command, check: isAborted('shop:2') });
  });

  it('does not promote a version fully because the one before was to be', () => {
    const command = unlessPromoted((world) => {
      promoteFull(world);
      setImage(world, ROLLOUT, 'shop:3');
    });
    const check = (world: World, moment: string): void => {
      const { status } = current(world);
      expect([moment, status?.promoteFull ?? false]).toEqual([moment, false]);
      expect([moment, status?.duration?.completionStatus]).not.toEqual([moment, 'FastPromoted']);
    };
    atEveryMoment(strategy, { command, check, needsOrder: true });
  });

  it('goes back at whatever moment the user undoes the change', () => {
    const command = unlessPromoted((world) => setImage(world, ROLLOUT, 'shop:1'));
    atEveryMoment(strategy, {
      command,
      check: (world, moment) => {
        if (!wasPromoted) expectPromoted(world, moment, 'shop:1');
      },
    });
  });

  it('retries at whatever moment after an abort the user asks for it', () => {
    for (const rests of [false, true]) {
      const command: Command = (world) => {
        abort(world, ROLLOUT);
        if (rests) settle(world);
        retry(world, ROLLOUT);
        settle(world);
        promoteFull(world);
      };
      atEveryMoment(strategy, { command, check: isPromoted('shop:2') });
    }
  });

  it('stops at whatever moment the user pauses it, and goes on when the user resumes it', () => {
    const command: Command = (world) => pause(world, ROLLOUT);
    const check = (world: World, moment: string): void => {
      expect([moment, current(world).status?.phase]).toEqual([moment, 'Paused']);
      pause(world, ROLLOUT, false);
      settle(world);
      promoteFull(world);
      settle(world);
      expectPromoted(world, moment, 'shop:2');
    };
    atEveryMoment(strategy, { command, check });
  });

  it('replaces every older pod at whatever moment the user restarts it', () => {
    const command: Command = (world) => {
      passTime(world, world.store.now + 1100);
      restart(world, ROLLOUT);
      passTime(world, world.store.now + 1100);
    };
    const check = (world: World, moment: string): void => {
      promoteFull(world);
      settle(world);
      expectPromoted(world, moment, 'shop:2');
      const createdAt = world.store.list('Pod').map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''));
      const asked = Date.parse(current(world).spec.restartAt ?? '');
      expect([moment, Math.min(...createdAt) >= asked]).toEqual([moment, true]);
    };
    atEveryMoment(strategy, { command, check });
  });
});

describe('a command that has nothing to act on', () => {
  const rejections = (world: World) => world.events.filter(({ reason }) => reason === 'CommandRejected');

  it('is dropped with a reason: an abort of the stable version', () => {
    const world = deployed({ canary: { steps } });
    abort(world, ROLLOUT);
    settle(world);
    expectPromoted(world, 'at rest', 'shop:1');
    expect(rejections(world).map(({ message }) => message)).toEqual([
      'abort has no effect: the stable version was not being updated',
    ]);
  });

  it('is dropped with a reason: a full promotion whose version was replaced', () => {
    const world = deployed({ canary: { steps } });
    setImage(world, ROLLOUT, 'shop:2');
    settle(world);
    promoteFull(world);
    setImage(world, ROLLOUT, 'shop:3');
    settle(world);
    expect(current(world).status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    expect(rejections(world).map(({ message }) => message)).toEqual([
      'promoteFull has no effect: it was set before the update to revision 3',
    ]);
  });

  it('is kept through a change of the steps: a full promotion and an abort', () => {
    for (const command of [promoteFull, (world: World) => abort(world, ROLLOUT)]) {
      const world = deployed({ canary: { steps } });
      setImage(world, ROLLOUT, 'shop:2');
      settle(world);
      command(world);
      patchRolloutSpec(world, ROLLOUT, { strategy: { canary: { steps: timed } } });
      settle(world);
      if (command === promoteFull) expectPromoted(world, 'promoted', 'shop:2');
      else expectAborted(world, 'aborted', 'shop:2');
    }
  });

  it('aborts the new version where another controller has to tell the order', () => {
    const world = deployed({ canary: { steps } });
    setImage(world, ROLLOUT, 'shop:2');
    abort(world, ROLLOUT);
    restartController(world);
    settle(world);
    expectAborted(world, 'after a restart', 'shop:2');
  });
});
