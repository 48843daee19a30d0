import { routersOf } from '@sluice/engine';
import { createWorkQueue, keyOf } from '@sluice/kube';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { rememberedForMs } from '../departures.ts';
import type { CallContext, Routers } from './routers.ts';

/** Gives back what routers hold for a Rollout that has gone, or that names them no more. */
export interface RouteRelease {
  start(): void;
  stop(): Promise<void>;
  /** A Rollout has changed or gone. */
  changed(before: Rollout, after: Rollout | undefined): void;
}

export interface RouteReleaseOptions {
  readonly routers: Pick<Routers, 'release'>;
  readonly logger: KubeLogger;
  readonly mayWrite: (key: string) => boolean;
  /** The Rollout of that key as it is now. */
  readonly current: (key: string) => Rollout | undefined;
  readonly contextOf: (rollout: Rollout, signal: AbortSignal) => CallContext;
}

export function createRouteRelease({
  routers,
  logger,
  mayWrite,
  current,
  contextOf,
}: RouteReleaseOptions): RouteRelease {
  /** By uid and router: the Rollout as it was when it last named the router, with the configuration that it had then. */
  const owed = new Map<string, { readonly rollout: Rollout; readonly router: string; readonly sinceMs: number }>();

  const queue = createWorkQueue({
    workers: 2,
    minBackoffMs: 500,
    run: async (id, signal) => {
      const debt = owed.get(id);
      if (debt === undefined) return;
      const key = keyOf(debt.rollout.metadata);
      const now = current(key);
      const isNamedAgain =
        now !== undefined &&
        now.metadata.uid === debt.rollout.metadata.uid &&
        routersOf(now.spec).includes(debt.router);
      if (isNamedAgain) return void owed.delete(id);
      if (!mayWrite(key)) {
        if (performance.now() - debt.sinceMs < rememberedForMs) return { againAfterMs: 1_000 };
        return void owed.delete(id);
      }
      try {
        await routers.release(debt.rollout, [debt.router], contextOf(debt.rollout, signal));
        owed.delete(id);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn(
          { rollout: key, router: debt.router, error },
          'a traffic router has not given back its routes; it is asked again',
        );
        throw error;
      }
    },
  });

  return {
    start: () => queue.start(),
    stop: () => queue.drain(),
    changed(before, after) {
      const still = after !== undefined && after.metadata.uid === before.metadata.uid ? routersOf(after.spec) : [];
      for (const router of routersOf(before.spec)) {
        if (still.includes(router)) continue;
        const id = `${before.metadata.uid ?? ''}/${router}`;
        owed.set(id, { rollout: before, router, sinceMs: performance.now() });
        queue.add(id);
      }
    },
  };
}
