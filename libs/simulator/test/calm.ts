// Judged by the pods there are, not by what the controller knew: while nothing fails, its own doing never costs availability.
import type { Pod } from '@sluice/model';
import { podTemplateHashLabel } from '@sluice/model';
import { availableAt, isDeleting, limitsOf, podsOf, setImageBehaviour, setsOf, settle, step } from '../src/index.ts';
import type { Choice, World } from '../src/index.ts';
import { ROLLOUT } from './history.ts';
import type { History } from './history.ts';
import { begin, Broken } from './play.ts';
import type { Engines } from './play.ts';

interface Count {
  /** The pods that are available. */
  readonly available: number;
  /** Those that the API says are, and that stay when the ReplicaSet controller has done what it was told: who cannot know of a pod cannot keep it. */
  readonly lasting: number;
}

function countPods(world: World): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const set of setsOf(world, ROLLOUT)) {
    const isAvailable = (pod: Pod): boolean =>
      !isDeleting(pod) && (availableAt(world, set, pod) ?? Infinity) <= world.store.now;
    const available = podsOf(world, set).filter(isAvailable).length;
    const hash = set.metadata.labels?.[podTemplateHashLabel] ?? '';
    counts.set(hash, {
      available,
      lasting: Math.min(available, set.status?.availableReplicas ?? 0, set.spec.replicas ?? 1),
    });
  }
  return counts;
}

const total = (counts: ReadonlyMap<string, Count>, field: keyof Count): number =>
  [...counts.values()].reduce((sum, count) => sum + count[field], 0);

/** Watches what was promised: a promise holds from the moment it was met until the user asks for something else. */
function watch(world: World): () => void {
  let asked = '';
  let [fewest, most] = [0, Infinity];
  let served = new Map<string, number>();
  return () => {
    const rollout = world.store.get('Rollout', ROLLOUT)!;
    const limits = limitsOf(rollout);
    // A restart may always take one pod away, otherwise it could never begin.
    const floor = rollout.spec.restartAt ? Math.min(limits.fewest, (rollout.spec.replicas ?? 1) - 1) : limits.fewest;
    const ask = `${floor} ${limits.most}`;
    if (ask !== asked) [asked, fewest, most] = [ask, Math.min(fewest, floor), Math.max(most, limits.most)];
    const counts = countPods(world);
    const available = total(counts, 'available');
    const pods = setsOf(world, ROLLOUT).reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0);
    if (available < fewest)
      throw new Broken('availability', `${available} pods are available; ${fewest} were promised`);
    if (pods > most) throw new Broken('surge', `${pods} pods are asked for; at most ${most} are allowed`);
    if (total(counts, 'lasting') >= floor) fewest = floor;
    if (pods <= limits.most) most = limits.most;
    served = watchServices(world, counts, served);
  };
}

/** Lasting endpoints by Service name. */
function watchServices(
  world: World,
  counts: ReadonlyMap<string, Count>,
  before: ReadonlyMap<string, number>,
): Map<string, number> {
  const now = new Map<string, number>();
  const { spec } = world.store.get('Rollout', ROLLOUT)!;
  for (const service of world.store.list('Service')) {
    const { name } = service.metadata;
    const hash = service.spec?.selector?.[podTemplateHashLabel];
    const behind = hash === undefined ? undefined : counts.get(hash);
    now.set(name, hash === undefined ? total(counts, 'lasting') : (behind?.lasting ?? 0));
    const isLost = hash !== undefined && (behind?.available ?? 0) === 0 && (before.get(name) ?? 0) > 0;
    if (isLost && total(counts, 'available') > 0 && spec.replicas !== 0 && !spec.restartAt)
      throw new Broken('served', `Service ${name} has lost its last pod of ${hash} while others are available`);
  }
  return now;
}

export function playCalmly(history: History, engines?: Engines): void {
  const world = begin(history, engines);
  setImageBehaviour(world, 'shop:3', 'never');
  const look = watch(world);
  settle(world, { seen: look });
  for (const choice of history.choices) {
    const parts: Choice[] =
      choice.do === 'run'
        ? Array.from({ length: choice.happenings }, (_, i) => ({
            ...choice,
            happenings: 1,
            picks: [choice.picks[i % choice.picks.length]!],
          }))
        : [choice];
    for (const part of parts) {
      step(world, part);
      look();
    }
  }
  settle(world, { seen: look });
}
