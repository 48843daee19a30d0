// The World of tools/parity over a simulated cluster: the same commands, the same snapshot, but time is virtual.
import {
  apply,
  isDeleting,
  kinds,
  mergePatch,
  nextMoment,
  happenings,
  passTime,
  patchObject,
  play,
  removeOwner,
  removeReplicaSet,
  timeText,
} from '../src/index.ts';
import type { Kind, Measure, StoredKinds, World } from '../src/index.ts';
import { assessMeasurement } from '@sluice/engine';

const parity = new URL('../../../tools/parity/', import.meta.url);
/* eslint-disable @typescript-eslint/no-explicit-any -- the scenarios and their World are plain JavaScript, and stay so. */
export const load = async (file: string): Promise<any> => import(/* @vite-ignore */ new URL(file, parity).href);

const { World: ParityWorld } = await load('world.mjs');
const plurals: Readonly<Record<string, Kind>> = Object.fromEntries(
  kinds.map((kind) => [`${kind.toLowerCase()}s`, kind]),
);

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Address {
  kind: Kind | undefined;
  plural: string;
  name: string | undefined;
  subresource: string | undefined;
}

function parse(path: string): Address {
  const [, plural = '', name, subresource] = /namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
  return { kind: plurals[plural], plural, name, subresource };
}

const involved = (rollout: string, run: string | undefined, experiment: string | undefined) => {
  if (run !== undefined) return { kind: 'AnalysisRun', name: run };
  return experiment === undefined ? { kind: 'Rollout', name: rollout } : { kind: 'Experiment', name: experiment };
};

/** The part of a Kubernetes client that the World of tools/parity uses. */
function clientOf(world: World) {
  const eventList = () =>
    world.events.map(({ rollout, run, experiment, type, reason, message }) => ({
      metadata: {},
      involvedObject: involved(rollout, run, experiment),
      type,
      reason,
      message,
    }));
  const existing = <K extends Kind>(kind: K, name: string): StoredKinds[K] => {
    const found = world.store.get(kind, name);
    if (!found) throw new HttpError(404, `${kind} ${name} not found`);
    return found;
  };
  return {
    get: async (path: string) => {
      const { kind, plural, name } = parse(path);
      if (kind && name) return existing(kind, name);
      return { items: kind ? world.store.list(kind) : plural === 'events' ? eventList() : [] };
    },
    create: async (path: string, body: any) => {
      const { kind } = parse(path);
      if (!kind) return;
      if (!world.store.create(kind, body).ok) throw new HttpError(409, 'exists');
    },
    merge: async (path: string, body: any) => {
      const { kind, name, subresource } = parse(path);
      if (!kind || !name) return;
      existing(kind, name);
      if (subresource === 'status') {
        world.store.replace(kind, name, {}, (current: any) => ({
          ...current,
          status: mergePatch(current.status ?? {}, body.status),
        }));
      } else patchObject(world, kind, name, body);
    },
    json: async (path: string, [{ value }]: any) => {
      const { kind, name } = parse(path);
      if (kind && name)
        world.store.replace(kind, name, {}, (current: any) => ({
          ...current,
          spec: { ...current.spec, template: value },
        }));
    },
    remove: async (path: string) => {
      const { kind, name } = parse(path);
      if (!kind || !name) return;
      if (kind === 'Rollout' || kind === 'Deployment' || kind === 'Experiment') removeOwner(world, kind, name);
      else if (kind === 'ReplicaSet') removeReplicaSet(world, name);
      else world.store.remove(kind, name);
    },
  };
}

/** Addresses of tools/parity/metrics.mjs, answered without a server: `/value/JSON`, `/status/CODE`, `/sequence/KEY/A,B,C`. */
export const webMeasure: Measure = (run, metric, ordinal) => {
  const [, kind = '', rest = ''] = /^http:\/\/[^/]+\/([^/]+)\/([^?]*)/.exec(metric.provider.web?.url ?? '') ?? [];
  if (kind === 'status') return { phase: 'Error', message: `received non 2xx response code: ${rest}` };
  const attempt = Number(/\.(\d+)$/.exec(run.metadata.name)?.[1] ?? 0);
  const sequence = rest.split('/').at(-1)?.split(',') ?? [];
  const said = sequence[Math.min(attempt + ordinal - 1, sequence.length - 1)];
  const result: unknown = kind === 'sequence' ? Number(said) : JSON.parse(rest).value;
  const conditions = metric as { successCondition?: string; failureCondition?: string };
  return { ...assessMeasurement(conditions, { result }), value: JSON.stringify(result) };
};

/** A checkpoint counts once nothing is left to do for so long, as in the recording. */
const QUIET_MS = 1500;

export class SimulatedWorld extends ParityWorld {
  readonly world: World;
  /** Rollouts that are not created because they need more than this world has. */
  readonly leftOut: readonly string[];

  constructor(world: World, name: string, leftOut: readonly string[]) {
    super(clientOf(world), name, 'http://metrics.invalid');
    this.world = world;
    this.leftOut = leftOut;
  }

  async apply(...objects: any[]): Promise<void> {
    for (const object of objects.flat())
      if (kinds.includes(object.kind) && !this.leftOut.includes(object.metadata.name)) apply(this.world, object);
  }

  async restart(name: string): Promise<void> {
    this.#advance(1100); // restartAt has whole seconds: pods must be older
    await this.patch('Rollout', name, { spec: { restartAt: timeText(this.world.store.now) } });
  }

  async until(what: string, test: () => unknown, timeoutMs = 60_000): Promise<void> {
    const end = this.world.store.now + timeoutMs;
    for (;;) {
      // People and networks are slower than controllers that have something to do.
      const isQuiet = happenings(this.world).length === 0;
      if (isQuiet && (await Promise.resolve(test()).catch(() => false))) return;
      if (this.world.store.now > end) throw new Error(`still waiting for ${what} after ${timeoutMs / 1000} s`);
      this.#next(this.world.store.now + 100);
    }
  }

  async settle(): Promise<void> {
    let quietSince = this.world.store.now;
    const end = quietSince + 60_000;
    let version = this.world.store.version;
    while (this.world.store.now - quietSince < QUIET_MS) {
      this.#next(quietSince + QUIET_MS);
      if (this.world.store.version !== version)
        [version, quietSince] = [this.world.store.version, this.world.store.now];
      if (this.world.store.now > end) throw new Error('never settled: something keeps changing');
    }
  }

  async checkpoint(label: string): Promise<void> {
    await this.settle();
    this.checkpoints[label] = await this.snapshot();
  }

  #next(latest: number): void {
    const first = happenings(this.world)[0];
    if (first) play(this.world, first);
    else passTime(this.world, Math.min(latest, nextMoment(this.world) ?? latest));
    this.learn(this.world.store.list('ReplicaSet').filter((set) => !isDeleting(set)));
  }

  #advance(ms: number): void {
    const end = this.world.store.now + ms;
    while (this.world.store.now < end) this.#next(end);
  }
}
