import { must, mustEqual } from '../rule.ts';
import type { RouterContext, Rule } from '../rule.ts';
import { failureOf, intentFor } from '../subject.ts';
import type { TestRollout } from '../world.ts';
import { extrasOf, headerRoute, mirrorRoute, mustRoute, mustShare, sharesOf } from './routing.ts';

const idempotence: Rule<RouterContext> = {
  id: 'R1',
  title: 'Apply is idempotent, and writes nothing when nothing differs',
  checks: [
    {
      title: 'the same intent again gives the same observation',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const intent = intentFor(await newRollout(), 20);
        const first = await subject.apply(intent);
        mustEqual(await subject.apply(intent), first, 'the second observation');
      },
    },
    {
      title: 'the same intent again writes nothing, at 0, in between and at the maximum',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        for (const weight of [0, 20, 100, 0]) {
          await subject.apply(intentFor(target, weight));
          const before = await world.writes();
          await subject.apply(intentFor(target, weight));
          mustEqual((await world.writes()) - before, 0, `the number of writes of a second Apply with weight ${weight}`);
        }
      },
    },
    {
      title: 'the same header route again writes nothing',
      needs: ['world', 'header-routes'],
      async run({ subject, newRollout, world }) {
        const intent = intentFor(await newRollout(), 20, { headerRoutes: [headerRoute()] });
        await subject.apply(intent);
        const before = await world.writes();
        await subject.apply(intent);
        mustEqual((await world.writes()) - before, 0, 'the number of writes of a second Apply');
      },
    },
    {
      title: 'the same mirror route again writes nothing',
      needs: ['world', 'mirror-routes'],
      async run({ subject, newRollout, world }) {
        const intent = intentFor(await newRollout(), 20, { mirrorRoutes: [mirrorRoute()] });
        await subject.apply(intent);
        const before = await world.writes();
        await subject.apply(intent);
        mustEqual((await world.writes()) - before, 0, 'the number of writes of a second Apply');
      },
    },
  ],
};

/** A whole life: whatever is foreign has to survive each moment of it. */
async function liveThrough(
  { subject }: RouterContext,
  target: TestRollout,
  afterEach: (what: string) => Promise<void>,
) {
  const { capabilities } = await subject.describe();
  const can = (capability: string): boolean => capabilities.includes(capability);
  const extraDestinations = can('extra-destinations') ? extrasOf(target, 10) : [];
  const headerRoutes = can('header-routes') ? [headerRoute()] : [];
  const mirrorRoutes = can('mirror-routes') ? [mirrorRoute()] : [];
  const intents = [
    intentFor(target, 0),
    intentFor(target, 20),
    intentFor(target, 20, { headerRoutes }),
    intentFor(target, 20, { headerRoutes, mirrorRoutes }),
    intentFor(target, 50, { mirrorRoutes, extraDestinations }),
    intentFor(target, 100),
    intentFor(target, 0),
    intentFor(target, 5, { headerRoutes }),
  ];
  for (const [index, intent] of intents.entries()) {
    await subject.apply(intent);
    await afterEach(`Apply ${index + 1} (weight ${intent.weight})`);
  }
  await subject.release(target);
  await afterEach('Release');
}

const ownership: Rule<RouterContext> = {
  id: 'R2',
  title: 'only what the rollout owns is touched; all else survives byte for byte',
  checks: [
    {
      title: 'rules, backends, annotations, order and unknown fields of others survive a whole life',
      needs: ['world'],
      async run(context) {
        const target = await context.newRollout();
        const before = await context.world.foreign();
        await liveThrough(context, target, async (what) => {
          const after = await context.world.foreign();
          must(after === before, `after ${what} something foreign is different:\n${firstDifference(before, after)}`);
        });
      },
    },
  ],
};

function firstDifference(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const line = a.findIndex((text, index) => text !== b[index]);
  const at = line === -1 ? a.length : line;
  return `line ${at + 1} was ${JSON.stringify(a[at] ?? '')}, and is ${JSON.stringify(b[at] ?? '')}`;
}

const observation: Rule<RouterContext> = {
  id: 'R3',
  title: 'an observation says what is routed, read back from the API',
  checks: [
    {
      title: 'after Apply it names the weight that was asked for',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        for (const weight of [20, 0, 100]) {
          const { inSync, canaryWeight } = await subject.apply(intentFor(target, weight));
          mustEqual({ inSync, canaryWeight }, { inSync: true, canaryWeight: weight }, 'the observation');
        }
      },
    },
    {
      title: 'after Apply the API routes so',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        for (const weight of [20, 0, 100]) {
          await subject.apply(intentFor(target, weight));
          await mustShare(world, target, { stable: 100 - weight, canary: weight });
        }
      },
    },
    {
      title: 'Observe sees what another writer made of it',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 20));
        await world.faults?.tamper(target, 70);
        const { inSync, canaryWeight } = await subject.observe(intentFor(target, 20));
        mustEqual({ inSync, canaryWeight }, { inSync: false, canaryWeight: 70 }, 'the observation');
      },
    },
    {
      title: 'Apply does not claim what another writer has changed right after it wrote',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await world.faults?.tamperAfterWrite(target, 70);
        const { inSync, canaryWeight } = await subject.apply(intentFor(target, 20));
        const { canary } = await sharesOf(world, target);
        mustEqual(canaryWeight, canary, 'the canary weight of the observation');
        mustEqual(inSync, canary === 20, 'inSync');
      },
    },
  ],
};

const destinations: Rule<RouterContext> = {
  id: 'R4',
  title: 'a destination gets traffic when the request names its weight, and is emptied before it goes',
  checks: [
    {
      title: 'extra destinations get their share from the stable side, and give it back',
      needs: ['world', 'extra-destinations'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        const [one = '', two = ''] = (target.extras ?? []).map(({ service }) => service);
        await subject.apply(intentFor(target, 20, { extraDestinations: extrasOf(target, 10, 5) }));
        await mustShare(world, target, { stable: 65, canary: 20, [one]: 10, [two]: 5 });
        await subject.apply(intentFor(target, 20, { extraDestinations: extrasOf(target, 10) }));
        await mustShare(world, target, { stable: 70, canary: 20, [one]: 10, [two]: 0 });
        await subject.apply(intentFor(target, 40));
        await mustShare(world, target, { stable: 60, canary: 40, [one]: 0, [two]: 0 });
      },
    },
    {
      title: 'no moment of a way from 0 over 20 to 0 gives the canary more, or all together anything but 100',
      needs: ['world', 'history'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        for (const weight of [0, 20, 0]) await subject.apply(intentFor(target, weight));
        await subject.release(target);
        for (const { routes } of (await world.history?.(target)) ?? []) {
          for (const { name, weights } of routes) {
            const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
            mustEqual(sum, 100, `the sum of the weights of ${name} at one moment`);
            const canary = weights[target.canary.service] ?? 0;
            must(canary <= 20, `at one moment ${name} gave the canary ${canary}`);
          }
        }
      },
    },
  ],
};

const safeOrder: Rule<RouterContext> = {
  id: 'R5',
  title: 'when one of several writes fails the rest is not tried, and the error names it',
  checks: [
    {
      title: 'with three routes, whichever cannot be written',
      needs: ['world', 'faults'],
      async run({ subject, world }) {
        const written: number[] = [];
        for (const route of [0, 1, 2]) {
          const target = await world.createRollout({ routes: 3 });
          if (target === undefined) return;
          await subject.apply(intentFor(target, 10));
          await world.faults?.refuseWrites(target, route);
          const failure = await failureOf(subject.apply(intentFor(target, 20)), 'Apply with a route that is refused');
          const { routes } = await world.routed(target);
          const name = routes[route]?.name ?? '';
          must(failure.message.includes(name), `the error does not name ${name}: ${failure.message}`);
          written.push(routes.filter(({ weights }) => weights[target.canary.service] === 20).length);
          await world.faults?.clear();
          await subject.apply(intentFor(target, 20));
          await mustShare(world, target, { stable: 80, canary: 20 });
        }
        // Whatever the order is, one of the three comes first, one second, one last.
        mustEqual(written.toSorted(), [0, 1, 2], 'the number of routes written in each of the three cases');
      },
    },
  ],
};

const readOnly: Rule<RouterContext> = {
  id: 'R6',
  title: 'Observe never writes',
  checks: [
    {
      title: 'neither before anything was applied, nor when all is as asked, nor when it is not',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        const before = await world.writes();
        await subject.observe(intentFor(target, 20));
        mustEqual((await world.writes()) - before, 0, 'the number of writes before anything was applied');
        await subject.apply(intentFor(target, 20));
        const applied = await world.writes();
        await subject.observe(intentFor(target, 20));
        await subject.observe(intentFor(target, 60));
        mustEqual((await world.writes()) - applied, 0, 'the number of writes after Apply');
        await mustShare(world, target, { stable: 80, canary: 20 });
      },
    },
  ],
};

const release: Rule<RouterContext> = {
  id: 'R7',
  title: 'Release gives back what was taken, and succeeds when there is nothing to give back',
  checks: [
    {
      title: 'it succeeds also a second time, and for a rollout that was never applied',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        await subject.release(target);
        await subject.apply(intentFor(target, 20));
        await subject.release(target);
        await subject.release(target);
      },
    },
    {
      title: 'all traffic goes to the stable side again, and a second Release writes nothing',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 20));
        await subject.release(target);
        await mustShare(world, target, { stable: 100, canary: 0 });
        const before = await world.writes();
        await subject.release(target);
        mustEqual((await world.writes()) - before, 0, 'the number of writes of a second Release');
      },
    },
    {
      title: 'header routes are gone after it',
      needs: ['world', 'header-routes'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 20, { headerRoutes: [headerRoute()] }));
        await mustRoute(world, target, { headerRoutes: [headerRoute().name], mirrorRoutes: [] });
        await subject.release(target);
        await mustRoute(world, target, { headerRoutes: [], mirrorRoutes: [] });
      },
    },
    {
      title: 'mirror routes are gone after it',
      needs: ['world', 'mirror-routes'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 20, { mirrorRoutes: [mirrorRoute()] }));
        await mustRoute(world, target, { headerRoutes: [], mirrorRoutes: [mirrorRoute().name] });
        await subject.release(target);
        await mustRoute(world, target, { headerRoutes: [], mirrorRoutes: [] });
      },
    },
    {
      title: 'without the configuration, which nobody may know any more, it finds what it has written for the rollout',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const [target, other] = [await newRollout(), await newRollout()];
        const forgotten = { ...target, configJson: '' };
        await subject.release(forgotten);
        for (const each of [target, other]) await subject.apply(intentFor(each, 20));
        const foreign = await world.foreign();
        await subject.release(forgotten);
        await mustShare(world, target, { stable: 100, canary: 0 });
        await mustShare(world, other, { stable: 80, canary: 20 });
        must((await world.foreign()) === foreign, 'something foreign is different');
        const before = await world.writes();
        await subject.release(forgotten);
        mustEqual((await world.writes()) - before, 0, 'the number of writes of a second Release');
      },
    },
    {
      title: 'it succeeds when the routes have been deleted meanwhile',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 20));
        await world.removeRoutes(target);
        await subject.release(target);
      },
    },
  ],
};

export const routerRules: readonly Rule<RouterContext>[] = [
  idempotence,
  ownership,
  observation,
  destinations,
  safeOrder,
  readOnly,
  release,
];
