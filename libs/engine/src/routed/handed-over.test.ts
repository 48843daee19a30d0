import { describe, expect, test } from 'vitest';
import type { Action, Decision } from '../decision.ts';
import { RoutedWorld } from '../testing/routed-world.ts';

const steps = [{ setWeight: 20 }, { pause: {} }];
const deadline = 'scale-down-deadline';

/** The router goes away as soon as it has been told this weight. */
class LeavingRouter extends RoutedWorld {
  leavesAfter = -1;
  protected override act(action: Action): void {
    super.act(action);
    if (action.kind === 'ApplyTraffic' && action.intent.weight === this.leavesAfter) this.routerWorks = false;
  }
}

const atPause = () => {
  const world = new LeavingRouter({ steps }, 5).settle();
  world.setImage('shop:2');
  return world;
};
const deadlines = (world: RoutedWorld): number =>
  [...world.sets.values()].filter(({ metadata }) => metadata.annotations?.[deadline] !== undefined).length;

describe('a promotion with all traffic on the new version', () => {
  test('records the split that stays, so that putting the routes in order stores nothing', () => {
    const world = atPause();
    const decisions: Decision[] = [];
    const decide = world.decide.bind(world);
    world.decide = () => {
      decisions.push(decide());
      return decisions.at(-1)!;
    };
    world.promote();
    const promotion = decisions.findIndex(({ status }) => status.stableRS === world.status.stableRS);
    expect(decisions[promotion]?.status.canary?.weights).toMatchObject({
      canary: { weight: 0, podTemplateHash: world.status.stableRS },
      stable: { weight: 100, podTemplateHash: world.status.stableRS },
    });
    const later = decisions.slice(promotion + 1);
    expect(later.flatMap(({ actions }) => actions.map(({ kind }) => kind))).toEqual([
      'SwitchService',
      'ApplyTraffic',
      'UpdateReplicaSet',
    ]);
    expect(later.every(({ statusUrgency }) => statusUrgency === 'unchanged')).toBe(true);
  });

  test('says in its events how the traffic came there', () => {
    const world = atPause();
    const messages: string[] = [];
    const decide = world.decide.bind(world);
    world.decide = () => {
      const decision = decide();
      messages.push(...decision.events.map(({ message }) => message));
      return decision;
    };
    world.promote();
    expect(messages).toContain('Traffic weight updated from 20 to 100');
  });

  test('keeps the pods that it replaces until the routes are in order, however long the router is away', () => {
    const world = atPause();
    world.leavesAfter = 100;
    world.promote();
    expect(world.status).toMatchObject({ phase: 'Healthy', canary: { weights: { canary: { weight: 0 } } } });
    world.now += 3_600;
    world.settle();
    expect([deadlines(world), world.pods('shop:1')]).toEqual([0, 5]);
    world.routerWorks = true;
    world.settle();
    expect([deadlines(world), world.pods('shop:1')]).toEqual([1, 5]);
    world.now += 31;
    world.settle();
    expect(world.pods('shop:1')).toBe(0);
  });
});

test('a full promotion moves the traffic itself, and is recorded once the routers have obeyed', () => {
  const world = atPause();
  world.status = { ...world.status, promoteFull: true };
  const decide = world.decide.bind(world);
  let atPromotion: Decision | undefined;
  world.decide = () => {
    const decision = decide();
    if (decision.status.stableRS === decision.status.currentPodHash) atPromotion ??= decision;
    return decision;
  };
  world.settle();
  expect(atPromotion?.status.canary?.weights).toMatchObject({ canary: { weight: 20 } });
  expect(world.weight).toBe(0);
});
