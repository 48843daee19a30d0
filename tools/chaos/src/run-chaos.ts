// Random histories under continuous traffic, with processes that are killed all the while.
import { expectNoAvoidableFailures, runLoad } from '@sluice/local-cluster';
import type { LoadResult, LoadTarget, Totals } from '@sluice/local-cluster';
import { errorsInLogs } from '@sluice/tools-start';
import type { LoggedError } from '@sluice/tools-start';
import { routers } from './apps.ts';
import { randomHistory } from './history.ts';
import type { History } from './history.ts';
import { killNowAndThen } from './killer.ts';
import type { Kills } from './killer.ts';
import { playHistory } from './play.ts';
import { createRandom } from './random.ts';
import { World } from './world.ts';

export interface ChaosOptions {
  readonly histories: number;
  /** Requests a second. */
  readonly rate: number;
  /** The same seed makes the same histories. */
  readonly seed: number;
  /** Histories at once. */
  readonly atOnce: number;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface ChaosReport {
  readonly load: LoadResult;
  readonly totals: Totals;
  readonly kills: Kills;
  readonly byReason: Readonly<Record<string, number>>;
  /** Histories that did not come to where they were to end. */
  readonly unfinished: readonly { readonly history: History; readonly why: string }[];
  /** What the services wrote into their logs at level error. */
  readonly errors: readonly LoggedError[];
}

const longestMs = 3_600_000;

/** Throws AvoidableFailures when a request failed that a right order would have answered. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { histories, rate, seed, say } = options;
  const world = await World.open(routers);
  const [done, calm] = [new AbortController(), new AbortController()];
  const visited = new Set<string>();
  const endOf = (ended: AbortController): AbortSignal =>
    options.signal ? AbortSignal.any([ended.signal, options.signal]) : ended.signal;
  try {
    const load = runLoad({
      url: world.plane.url,
      targets: () => [...visited].flatMap((name) => targetsOf(world, name)),
      ratePerSecond: rate,
      durationMs: longestMs,
      signal: endOf(done),
    });
    const killing = killNowAndThen(world, createRandom(seed + 1), endOf(calm));
    const unfinished: { history: History; why: string }[] = [];
    const list = Array.from({ length: histories }, (_, i) => randomHistory(`h-${i}`, createRandom(seed * 1_000 + i)));
    const play = async (history: History): Promise<void> => {
      try {
        await playHistory(world, history, {
          began: (name) => visited.add(name),
          ended: (name) => visited.delete(name),
        });
        say(`${history.name} (${history.router}): ${history.goal}`);
      } catch (error) {
        visited.delete(history.name);
        unfinished.push({ history, why: (error as Error).message });
        say(`${history.name} (${history.router}): ${(error as Error).message}`);
      }
    };
    await eachOf(list, options.atOnce, play, options.signal);
    calm.abort();
    const kills = await killing;
    done.abort();
    const sent = await load;
    const { byReason } = world.plane.report().failures;
    const totals = await expectNoAvoidableFailures(world.plane, { atLeast: 1 });
    return { load: sent, totals, kills, byReason, unfinished, errors: errorsInLogs(world.folder) };
  } finally {
    calm.abort();
    done.abort();
    await world.close();
  }
}

const targetsOf = (world: World, name: string): readonly LoadTarget[] =>
  world.plane.entrances(`${world.namespace}/${name}`);

async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item; !signal?.aborted && (item = queue.shift()) !== undefined;) await action(item);
    }),
  );
}
