// Many equal workloads, changed all at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { createInformer, resources } from '@sluice/kube';
import type { Informer, KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import type { WriteCounts } from '@sluice/tools-control-plane';
import { Failure } from '@sluice/tools-start';

export const NAMESPACE = 'fleet';
const AT_ONCE = 20;

/** A kind of workload, and when one of it is up to date and in full. */
export interface FleetKind {
  readonly name: string;
  readonly ref: ResourceRef;
  manifest(name: string): RawObject;
  /** What each of them needs beside it. */
  readonly companions?: (name: string) => readonly (readonly [ResourceRef, RawObject])[];
  isDone(object: RawObject): boolean;
}

const PODS = 2;
const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels: { app: name } });
const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'app:1' }] },
});
const common = (name: string) => ({
  replicas: PODS,
  selector: { matchLabels: { app: name } },
  template: template(name),
});
const isObserved = ({ metadata: { generation }, status }: RawObject): boolean =>
  String((status as { observedGeneration?: unknown } | undefined)?.observedGeneration) === String(generation);

export const rollouts: FleetKind = {
  name: 'Rollouts',
  ref: resources.rollouts,
  manifest: (name) => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: metadata(name),
    spec: {
      ...common(name),
      strategy: {
        canary: {
          steps: [{ setWeight: 25 }, { pause: { duration: '1s' } }, { setWeight: 50 }, { pause: { duration: '1s' } }],
        },
      },
    },
  }),
  isDone: (object) => isObserved(object) && (object['status'] as { phase?: string }).phase === 'Healthy',
};

/** The same behind ingress-nginx: an Ingress and two Services each. */
const rolloutsBehindNginx: FleetKind = {
  ...rollouts,
  manifest(name) {
    const rollout = rollouts.manifest(name) as RawObject & { spec: { strategy: { canary: object } } };
    const canary = {
      ...rollout.spec.strategy.canary,
      stableService: `${name}-stable`,
      canaryService: `${name}-canary`,
      trafficRouting: { nginx: { stableIngress: name } },
    };
    return { ...rollout, spec: { ...rollout.spec, strategy: { canary } } };
  },
  companions: (name) => [
    ...['stable', 'canary'].map((side) => [resources.services, serviceOf(name, `${name}-${side}`)] as const),
    [resources.ingresses, ingressTo(name, `${name}-stable`)],
  ],
};

const serviceOf = (app: string, name: string): RawObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { app }, ports: [{ port: 80 }] },
});

const ingressTo = (name: string, service: string): RawObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: `${name}.example.com`,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }],
        },
      },
    ],
  },
});

/** Throws a Failure that lists the choices. */
export function chosenKind(router: string | undefined): FleetKind {
  if (router === undefined) return rollouts;
  if (router === 'nginx') return rolloutsBehindNginx;
  throw new Failure(`--router is nginx, not "${router}"`);
}

export const deployments: FleetKind = {
  name: 'Deployments',
  ref: resources.deployments,
  manifest: (name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(name), spec: common(name) }),
  isDone(object) {
    const { updatedReplicas, availableReplicas, replicas } = (object['status'] ?? {}) as Record<
      string,
      number | undefined
    >;
    return isObserved(object) && [updatedReplicas, availableReplicas, replicas].every((count) => count === PODS);
  },
};

export interface Fleet {
  /** Changes the image of all of them; resolves with the seconds until all are done. */
  update(image: string): Promise<number>;
  stop(): Promise<void>;
}

/** Creates `size` of them and answers when all are done. */
export async function createFleet(client: KubeClient, kind: FleetKind, size: number): Promise<Fleet> {
  const names = Array.from({ length: size }, (_, i) => `${kind.name.toLowerCase().slice(0, -1)}-${i}`);
  const informer = createInformer({ client, ref: kind.ref, namespaces: [NAMESPACE] });
  informer.start();
  await informer.whenSynced();
  await each(names, async (name) => {
    for (const [ref, object] of kind.companions?.(name) ?? []) await client.create(ref, object);
    await client.create(kind.ref, kind.manifest(name));
  });
  await untilAll(informer, names, (object) => kind.isDone(object));
  return {
    async update(image) {
      const began = performance.now();
      const versions = new Map<string, string>();
      const body = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
      await each(names, async (name) => {
        const changed = await client.patch(kind.ref, { namespace: NAMESPACE, name }, 'merge', body);
        versions.set(name, String(changed.metadata.generation));
      });
      // Only what was seen after the change counts.
      await untilAll(
        informer,
        names,
        (object) =>
          String(object.metadata.generation) === versions.get(object.metadata.name ?? '') && kind.isDone(object),
      );
      return (performance.now() - began) / 1000;
    },
    stop: () => informer.stop(),
  };
}

async function each(names: readonly string[], action: (name: string) => Promise<unknown>): Promise<void> {
  const queue = [...names];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let name; (name = queue.shift()) !== undefined;) await action(name);
    }),
  );
}

const PATIENCE_MS = 300_000;

async function untilAll(
  informer: Informer,
  names: readonly string[],
  isDone: (object: RawObject) => boolean,
): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const waiting = names.filter((name) => {
      const object = informer.get(NAMESPACE, name);
      return object === undefined || !isDone(object);
    });
    if (waiting.length === 0) return;
    if (performance.now() > end)
      throw new Error(
        `${waiting.length} of ${names.length} are not done after ${PATIENCE_MS / 1000} s, for example ${waiting[0]}: ${JSON.stringify(informer.get(NAMESPACE, waiting[0] ?? '')?.['status'])}`,
      );
    await sleep(50);
  }
}

export async function createNamespace(client: KubeClient): Promise<void> {
  await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
}

/** Answers once nothing but Leases was written for `quietMs`: late counters and Events are part of the price. */
export async function untilQuiet(count: () => Promise<WriteCounts>, quietMs: number): Promise<WriteCounts> {
  const written = ({ total, refused, events }: WriteCounts): number => total + refused + events;
  let last = await count();
  for (let since = performance.now(); performance.now() - since < quietMs;) {
    await sleep(250);
    const now = await count();
    if (written(now) !== written(last)) since = performance.now();
    last = now;
  }
  return last;
}
