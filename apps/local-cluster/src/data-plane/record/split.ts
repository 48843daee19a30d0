// What clients got of a Rollout's versions, beside what was asked for.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Rollout } from '../objects/shapes.ts';
import { isOfExperiment } from '../pods/identity.ts';
import type { Asked } from './asked.ts';
import { askedSplit } from './asked.ts';
import type { Tally } from './window.ts';
import { quantileMs } from './window.ts';

export interface VersionShare {
  /** Image tag, as the pods that answered said. */
  readonly version: string;
  readonly hash: string;
  readonly role: 'canary' | 'stable' | 'active' | 'preview' | 'experiment' | 'other';
  readonly requests: number;
  /** Of all requests that pods of the Rollout answered. */
  readonly percent: number;
  readonly errors: number;
  readonly errorPercent: number;
  readonly meanMs: number;
  /** An upper bound: one of the steps that latencies are counted in. */
  readonly p95Ms: number;
}

export interface Split {
  /** `namespace/name`. */
  readonly rollout: string;
  readonly seconds: number;
  readonly asked: Asked | undefined;
  /** Requests that pods answered. */
  readonly requests: number;
  /** Stable or active first. */
  readonly versions: readonly VersionShare[];
  /** Copies of requests, which no client waited for. */
  readonly mirrored: readonly VersionShare[];
  /** Requests that no pod answered, and how many of them a correct order would have avoided. */
  readonly failed: number;
  readonly avoidable: number;
}

/** Names of what is counted for a Rollout, within one window. */
export const tallyKeys = {
  version: (rollout: string, mirrored: boolean, version: string, hash: string): string =>
    JSON.stringify([rollout, mirrored ? 'mirrored' : 'answered', version, hash]),
  failed: (rollout: string): string => JSON.stringify([rollout, 'failed']),
  avoidable: (rollout: string): string => JSON.stringify([rollout, 'avoidable']),
};

/** Undefined when there is no such Rollout. `tallies` are those of the last `seconds`. */
export function splitOf(
  objects: ClusterObjects,
  rollout: string,
  seconds: number,
  tallies: ReadonlyMap<string, Tally>,
): Split | undefined {
  const [namespace = '', name = ''] = rollout.split('/');
  const object = objects.get('rollouts', namespace, name);
  if (!object) return undefined;
  const versions = sharesOf(object, rollout, 'answered', tallies);
  return {
    rollout,
    seconds,
    asked: askedSplit(object),
    requests: versions.reduce((sum, v) => sum + v.requests, 0),
    versions,
    mirrored: sharesOf(object, rollout, 'mirrored', tallies),
    failed: tallies.get(tallyKeys.failed(rollout))?.requests ?? 0,
    avoidable: tallies.get(tallyKeys.avoidable(rollout))?.requests ?? 0,
  };
}

const order: readonly VersionShare['role'][] = ['stable', 'active', 'canary', 'preview', 'experiment', 'other'];

function sharesOf(
  object: Rollout,
  rollout: string,
  kind: 'answered' | 'mirrored',
  tallies: ReadonlyMap<string, Tally>,
): VersionShare[] {
  const own = [...tallies].flatMap(([key, tally]) => {
    const [of, what, version = '', hash = ''] = JSON.parse(key) as string[];
    return of === rollout && what === kind ? [{ version, hash, tally }] : [];
  });
  const total = own.reduce((sum, { tally }) => sum + tally.requests, 0);
  return own
    .map(({ version, hash, tally }) => ({
      version,
      hash,
      role: roleOf(object, hash),
      requests: tally.requests,
      percent: rounded((100 * tally.requests) / total),
      errors: tally.errors,
      errorPercent: rounded((100 * tally.errors) / tally.requests),
      meanMs: rounded(tally.totalMs / tally.requests),
      p95Ms: quantileMs(tally, 0.95) ?? 0,
    }))
    .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || b.requests - a.requests);
}

function roleOf(rollout: Rollout, hash: string): VersionShare['role'] {
  const { spec, status } = rollout;
  if (spec?.strategy?.blueGreen)
    return hash === status?.blueGreen?.activeSelector
      ? 'active'
      : hash === status?.currentPodHash
        ? 'preview'
        : 'other';
  if (hash === status?.stableRS) return 'stable';
  if (hash === status?.currentPodHash) return 'canary';
  return isOfExperiment(rollout, hash) ? 'experiment' : 'other';
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** One line for a terminal: `clients got stable 1: 79.8 % (80 asked), canary 2: 20.2 % (20 asked) of 412 requests in 10 s`. */
export function describeSplit({ asked, versions, requests, seconds, failed, avoidable }: Split): string {
  const wanted = new Map(asked?.shares.map(({ hash, percent }) => [hash, rounded(percent)]));
  const got = versions.map(({ role, version, hash, percent }) => {
    const share = asked ? ` (${wanted.get(hash) ?? 0} asked)` : '';
    return `${role} ${version}: ${percent} %${share}`;
  });
  const losses =
    failed > 0 ? `; ${failed} failed${avoidable > 0 ? `, ${avoidable} of them for want of order` : ''}` : '';
  return `clients got ${got.join(', ') || 'nothing'} of ${requests} requests in ${seconds} s${losses}`;
}
