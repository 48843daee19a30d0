// Random histories of one Rollout: how it begins, what is done to it, and where it is to end.
import type { RouterKind } from './apps.ts';
import { routers } from './apps.ts';
import type { Random } from './random.ts';

export type Deed =
  | { readonly do: 'set-image'; readonly version: number }
  | { readonly do: 'scale'; readonly replicas: number }
  | { readonly do: 'pause'; readonly paused: boolean }
  | { readonly do: 'promote' | 'promote-fully' | 'abort' | 'retry' | 'undo' | 'restart' };

export interface History {
  readonly name: string;
  readonly router: RouterKind;
  readonly replicas: number;
  readonly steps: readonly object[];
  readonly canary: object;
  readonly deeds: readonly { readonly afterMs: number; readonly deed: Deed }[];
  /** The newest version everywhere, or the stable one with the update aborted. */
  readonly goal: 'promoted' | 'aborted';
}

const mostVersions = 4;

function randomSteps({ whole, one, chance }: Random): object[] {
  const count = whole(1, 4);
  const weights = Array.from({ length: count }, () => one([0, 5, 10, 25, 50, 75, 90, 100]));
  if (chance(0.7)) weights.sort((a, b) => a - b);
  return weights.flatMap((setWeight) => [{ setWeight }, { pause: chance(0.3) ? {} : { duration: one(['1s', '2s']) } }]);
}

function randomCanary({ one, chance }: Random): object {
  return {
    // The two cannot be had together.
    ...(chance(0.3) ? { dynamicStableScale: true } : chance(0.5) && { scaleDownDelaySeconds: one([0, 1, 3]) }),
    ...(chance(0.5) && { abortScaleDownDelaySeconds: one([0, 1, 5]) }),
    ...(chance(0.2) && { minPodsPerReplicaSet: 2 }),
    ...(chance(0.4) &&
      one([{ maxSurge: 1, maxUnavailable: 0 }, { maxSurge: 0, maxUnavailable: 1 }, { maxSurge: '50%' }])),
  };
}

function randomDeed({ whole, one, chance }: Random): Deed {
  if (chance(0.35)) return { do: 'set-image', version: whole(1, mostVersions) };
  if (chance(0.2)) return { do: 'scale', replicas: whole(1, 6) };
  if (chance(0.1)) return { do: 'pause', paused: chance(0.4) };
  if (chance(0.1)) return { do: 'restart' };
  return { do: one(['promote', 'promote', 'promote', 'promote-fully', 'abort', 'abort', 'retry', 'undo']) };
}

export function randomHistory(name: string, random: Random): History {
  const { whole, one } = random;
  const deeds = Array.from({ length: whole(4, 9) }, () => ({
    afterMs: one([0, 50, 200, 500, 1000, 2000]),
    deed: randomDeed(random),
  }));
  const [router, replicas] = [one(routers), whole(1, 5)];
  // A version's only pod is away while it is restarted at rest, and pods of an update that begins meanwhile may be there first: no order avoids that.
  const keepsOne = replicas > 1 && deeds.every(({ deed }) => deed.do !== 'scale' || deed.replicas > 1);
  return {
    name,
    router,
    replicas,
    steps: randomSteps(random),
    canary: randomCanary(random),
    // The first deed is always an update: without one nothing moves.
    deeds: [
      { afterMs: 0, deed: { do: 'set-image', version: 2 } },
      ...deeds.filter(({ deed }) => keepsOne || deed.do !== 'restart'),
    ],
    goal: one(['promoted', 'promoted', 'aborted']),
  };
}
