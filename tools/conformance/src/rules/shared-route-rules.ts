import { must, mustEqual } from '../rule.ts';
import type { RouterContext, Rule } from '../rule.ts';
import { failureOf, intentFor } from '../subject.ts';
import { headerRoute, mustRoute, mustShare } from './routing.ts';

// More than any sensible number of tries, less than a loop.
const mostTries = 20;

const neighbours: Rule<RouterContext> = {
  id: 'R8',
  title: 'two rollouts that share a route do not disturb each other',
  checks: [
    {
      title: 'what one applies and releases leaves the weights of the other',
      needs: ['world', 'sharing'],
      async run({ subject, newRollout, world }) {
        const one = await newRollout();
        const other = await world.createRollout({ sharing: one });
        if (other === undefined) return;
        await subject.apply(intentFor(one, 20));
        await subject.apply(intentFor(other, 50));
        await mustShare(world, one, { stable: 80, canary: 20 });
        await subject.apply(intentFor(one, 40));
        await mustShare(world, other, { stable: 50, canary: 50 });
        await subject.release(one);
        await mustShare(world, one, { stable: 100, canary: 0 });
        await mustShare(world, other, { stable: 50, canary: 50 });
      },
    },
    {
      title: 'header routes of the same name stay apart',
      needs: ['world', 'sharing', 'header-routes'],
      async run({ subject, newRollout, world }) {
        const one = await newRollout();
        const other = await world.createRollout({ sharing: one });
        if (other === undefined) return;
        const headerRoutes = [headerRoute()];
        const both = { headerRoutes: [headerRoute().name], mirrorRoutes: [] };
        await subject.apply(intentFor(one, 20, { headerRoutes }));
        await subject.apply(intentFor(other, 50, { headerRoutes }));
        await mustRoute(world, one, both);
        await subject.apply(intentFor(one, 20));
        await mustRoute(world, one, { headerRoutes: [], mirrorRoutes: [] });
        await mustRoute(world, other, both);
      },
    },
  ],
};

const conflicts: Rule<RouterContext> = {
  id: 'R9',
  title: 'a conflict with another writer is retried a few times at most, then reported as Conflict',
  checks: [
    {
      title: 'one conflict is overcome',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 10));
        await world.faults?.conflict(1);
        await subject.apply(intentFor(target, 20));
        await mustShare(world, target, { stable: 80, canary: 20 });
      },
    },
    {
      title: 'conflicts without end are given up soon, with code Conflict',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 10));
        const refused = await world.faults?.conflict(Infinity);
        const failure = await failureOf(subject.apply(intentFor(target, 20)), 'Apply with conflicts without end');
        mustEqual(failure.code, 'Conflict', 'the code');
        const tries = refused?.() ?? 0;
        must(tries <= mostTries, `the write was tried ${tries} times`);
      },
    },
    {
      title: 'what another writer changes between a read and a write is not overwritten',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 10));
        const before = await world.foreign();
        await world.faults?.foreignWriteBeforeWrite(target);
        await subject.apply(intentFor(target, 20));
        must((await world.foreign()) !== before, 'the change of the other writer is lost');
        await mustShare(world, target, { stable: 80, canary: 20 });
      },
    },
  ],
};

export const sharedRouteRules: readonly Rule<RouterContext>[] = [neighbours, conflicts];
