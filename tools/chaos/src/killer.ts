// Kills the controller and the routers, one at a time, and starts each again after a while.
import { setTimeout as sleep } from 'node:timers/promises';
import { routers } from './apps.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export interface Kills {
  controller: number;
  routers: number;
}

/** Until the signal; everything runs again when this resolves. */
export async function killNowAndThen(world: World, random: Random, signal: AbortSignal): Promise<Kills> {
  const kills: Kills = { controller: 0, routers: 0 };
  const rest = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    await rest(random.whole(1_000, 4_000));
    if (signal.aborted) break;
    const router = random.chance(0.4) ? undefined : random.one(routers);
    if (router === undefined) {
      await world.killController();
      kills.controller += 1;
    } else {
      await world.killRouter(router);
      kills.routers += 1;
    }
    await rest(random.whole(0, 3_000));
    await (router === undefined ? world.startController() : world.startRouter(router));
  }
  return kills;
}
