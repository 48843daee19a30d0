import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsOf } from '../src/apps.ts';
import { World, weightOf } from '../src/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open(['nginx']);
});
afterAll(() => world.close());

const weights = [0, 20, 40, 60, 80, 100];
// The last pause waits for somebody, so that what comes after it is left to the new router however long that takes to come.
const pauses = [...weights.slice(1, 4).map(() => ({ duration: '1s' })), {}];
const steps = weights.slice(1, 5).flatMap((setWeight, i) => [{ setWeight }, { pause: pauses[i] }]);
const names = Array.from({ length: 20 }, (_, i) => `app-${i}`);

describe('a router that is replaced by a new process at a new address', () => {
  it('goes unnoticed by twenty rollouts that move', async () => {
    const { namespace } = world;
    for (const name of names)
      await world.create(...objectsOf({ router: 'nginx', name, namespace, replicas: 2, steps }));
    await Promise.all(names.map((name) => world.healthy(name)));
    await Promise.all(names.map((name) => world.setImage(name, 'shop:2')));
    await world.status(names[0]!, 'its second weight', (status) => (status.currentStepIndex ?? 0) >= 2);

    const troubles: string[] = [];
    const seen = new AbortController();
    const looking = lookUntil(seen.signal, troubles);
    await world.replaceRouter('nginx');
    await Promise.all(
      names.map(async (name) => {
        await world.paused(name, steps.length - 1);
        await world.promote(name);
        await world.healthy(name);
      }),
    );
    seen.abort();
    await looking;

    expect(troubles).toEqual([]);
    const { items } = await world.person.list(events, { namespace });
    expect(items.filter((event) => event['type'] === 'Warning').map((event) => event['message'] as string)).toEqual([]);
    expect((await world.routerCalls('nginx'))['Apply']).toBeGreaterThan(0);
    console.log(
      `${names.length} rollouts moved on; the new router answered ${JSON.stringify(await world.routerCalls('nginx'))}`,
    );
  });
});

/** Whatever a person would take for an error, and every weight that no step asks for. */
async function lookUntil(signal: AbortSignal, troubles: string[]): Promise<void> {
  while (!signal.aborted) {
    for (const name of names) {
      const rollout = await world.rollout(name);
      const { phase, message = '' } = rollout.status ?? {};
      if (phase === 'Degraded' || /router/.test(message)) troubles.push(`${name}: ${phase} ${message}`);
      if (!weights.includes(weightOf(rollout))) troubles.push(`${name}: weight ${weightOf(rollout)}`);
    }
  }
}

const events = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
