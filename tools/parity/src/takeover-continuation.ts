import type { Kube, StoredObject } from '../kube.mjs';
import { World } from '../world.mjs';

const HASH_LABEL = 'rollouts-pod-template-hash';
const NEW_IMAGE = 'shop:taken-over';

/** One moment, loaded into a namespace of its own, and what is done to it after it was taken over. */
export interface Continuation {
  readonly name: string;
  readonly namespace: string;
  readonly moment: readonly StoredObject[];
  /** Throws an Error that says what did not come about. */
  run(kube: Kube, metricsUrl: string): Promise<void>;
}

type Action = (world: World, rollout: StoredObject) => Promise<void>;

/** What to try with a moment: one under way is promoted, and in a second copy aborted; one at rest gets a new image; an aborted one is retried. */
export function continuationsOf(name: string, moment: readonly StoredObject[]): Continuation[] {
  const rollout = moment.find((object) => object.kind === 'Rollout');
  if (!rollout) throw new Error(`the moment ${name} has no Rollout`);
  const status = rollout['status'] ?? {};
  const actions: Record<string, Action> = status.abort
    ? { retried: retryAndPromote }
    : status.currentPodHash === status.stableRS
      ? { updated: updateAndPromote }
      : { promoted: promote, aborted: abort };
  return Object.entries(actions).map(([done, action]) => {
    const namespace = `takeover-${name.replace(/[^a-z0-9]+/g, '-')}-${done}`.slice(0, 63);
    return {
      name: `${name}, ${done}`,
      namespace,
      moment,
      async run(kube, metricsUrl) {
        const world = new World(kube, name, metricsUrl);
        world.ns = namespace;
        await action(world, rollout);
      },
    };
  });
}

const promote: Action = async (world, stored) => {
  await world.promote(stored.metadata.name, { full: true });
  await isOn(world, stored, stored['status'].currentPodHash as string);
};

const abort: Action = async (world, stored) => {
  await world.abort(stored.metadata.name);
  await world.rollout(
    stored.metadata.name,
    (status) => status.phase === 'Degraded' && status.abort === true,
    'the abort',
  );
  await carriesAll(world, stored, stored['status'].stableRS as string);
};

const retryAndPromote: Action = async (world, stored) => {
  const { name } = stored.metadata;
  // Both at once: the analysis that has aborted it would do so again, before anybody comes to promote.
  await world.patchStatus('Rollout', name, { status: { abort: false, promoteFull: true } });
  await isOn(world, stored, stored['status'].currentPodHash as string);
};

const updateAndPromote: Action = async (world, stored) => {
  const { name } = stored.metadata;
  const before = stored['status'].stableRS as string;
  await world.setImage(name, NEW_IMAGE);
  await world.rollout(
    name,
    (status) => Boolean(status.currentPodHash) && status.currentPodHash !== before,
    'the new revision',
  );
  await world.promote(name, { full: true });
  const rollout = await world.get('Rollout', name);
  await isOn(world, stored, rollout['status'].currentPodHash as string);
};

/** Waits until the Rollout is Healthy on the version `hash`, which carries everything. */
async function isOn(world: World, stored: StoredObject, hash: string): Promise<void> {
  const { name } = stored.metadata;
  await world.rollout(
    name,
    (status) => status.phase === 'Healthy' && status.stableRS === hash && status.currentPodHash === hash,
    `${name} Healthy on ${hash}`,
  );
  await carriesAll(world, stored, hash);
}

/** Waits until the version `hash` has all pods ready and every live Service of the Rollout selects it. */
async function carriesAll(world: World, stored: StoredObject, hash: string): Promise<void> {
  const { name } = stored.metadata;
  await world.until(`all pods of ${hash}`, async () => {
    const { spec } = await world.get('Rollout', name);
    const set = (await world.list('ReplicaSet')).find((each) => each.metadata.labels?.[HASH_LABEL] === hash);
    return set?.['status']?.availableReplicas === (spec.replicas ?? 1);
  });
  const { canary, blueGreen } = stored['spec'].strategy;
  const live = canary?.stableService ?? blueGreen?.activeService;
  if (!live) return;
  await world.until(`Service ${live} on ${hash}`, async () => {
    const service = await world.get('Service', live);
    return service['spec'].selector?.[HASH_LABEL] === hash;
  });
}
