// A local cluster with a data plane, the controller and the routers on it as processes, and a person who uses them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { startLocalCluster } from '@sluice/local-cluster';
import type { DataPlane, LocalCluster, WriteRecord } from '@sluice/local-cluster';
import { waitUntil } from '@sluice/local-cluster/testing';
import type { Rollout, RolloutStatus } from '@sluice/model';
import { installCustomResources, routerCrds, sluiceCrds } from '@sluice/tools-start';
import { kinds, pluginName } from './apps.ts';
import type { RouterKind } from './apps.ts';
import { createPrograms, freePorts } from './programs.ts';
import type { Program, Programs } from './programs.ts';

export const systemNamespace = 'sluice-system';
// Generous: what is tried here is that things happen, not how fast.
const patienceMs = 150_000;

/** What `GET /explain/…` of the controller answers, as far as it is looked at here. */
export interface Explained {
  readonly phase?: string;
  readonly message?: string;
  readonly explanation: { readonly code: string; readonly detail: string };
}

/** Plugins are found as labelled Services, as in an installed cluster. */
export class World {
  readonly namespace = 'shop';
  readonly cluster: LocalCluster;
  readonly plane: DataPlane;
  readonly person: KubeClient;
  readonly folder: string;
  readonly #programs: Programs;
  readonly #routers = new Map<RouterKind, { program: Program | undefined; port: number }>();
  #controller: Program | undefined;

  private constructor(cluster: LocalCluster, person: KubeClient, folder: string) {
    this.cluster = cluster;
    this.plane = cluster.dataPlane!;
    this.person = person;
    this.folder = folder;
    this.#programs = createPrograms(folder);
  }

  /** Starts the cluster, the routers and the controller. */
  static async open(routers: readonly RouterKind[], controllerArgs: readonly string[] = []): Promise<World> {
    const cluster = await startLocalCluster({
      dataPlane: true,
      workloads: { readyAfterMs: 50, recordEvents: false, runCommands: false },
    });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-chaos-'));
    const kubeconfig = path.join(folder, 'person.kubeconfig');
    cluster.writeKubeconfig(kubeconfig, 'person');
    const world = new World(cluster, await createClient({ kubeconfig, userAgent: 'person' }), folder);
    try {
      await installCustomResources(world.person, [sluiceCrds, routerCrds]);
      for (const name of [systemNamespace, world.namespace])
        await world.person.create(resources.namespaces, { metadata: { name } });
      await Promise.all(routers.map((router) => world.startRouter(router)));
      await world.startController(controllerArgs);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async close(): Promise<void> {
    await this.#programs.stop();
    this.person.close();
    await this.cluster.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // Processes.

  async startController(args: readonly string[] = []): Promise<void> {
    this.#controller = await this.#programs.startController({ kubeconfig: this.#kubeconfig('controller'), args });
  }
  get controller(): Program | undefined {
    return this.#controller;
  }
  async killController(): Promise<void> {
    const program = this.#controller;
    this.#controller = undefined;
    await program?.kill();
  }
  /** At the address that it had, or at a free one the first time. */
  async startRouter(router: RouterKind): Promise<void> {
    const port = this.#routers.get(router)?.port ?? (await freePorts());
    const program = await this.#programs.startRouter(router, port, {
      kubeconfig: this.#kubeconfig(`router-${router}`),
    });
    this.#routers.set(router, { program, port });
    await this.#publish(router, port);
  }
  async killRouter(router: RouterKind): Promise<void> {
    const known = this.#routers.get(router);
    if (known?.program === undefined) return;
    const { program } = known;
    known.program = undefined;
    await program.kill();
  }
  isRunning(router: RouterKind): boolean {
    return this.#routers.get(router)?.program !== undefined;
  }
  /** As an upgrade does: a new process at a new address, the Service moves, the old process is asked to end. */
  async replaceRouter(router: RouterKind): Promise<void> {
    const old = this.#routers.get(router)?.program;
    this.#routers.delete(router);
    await this.startRouter(router);
    await sleep(500);
    await old?.stop();
  }
  /** Calls that the router has answered since its start, by method. */
  async routerCalls(router: RouterKind): Promise<Readonly<Record<string, number>>> {
    const address = this.#routers.get(router)?.program?.addresses['metrics'] ?? '';
    const text = await (await fetch(new URL('/metrics', address))).text();
    const counts: Record<string, number> = {};
    for (const [, labels = '', value] of text.matchAll(/^\w*plugin_served_calls_total\{(.*)\} (\d+)$/gm)) {
      const method = /method="(\w+)"/.exec(labels)?.[1] ?? '';
      counts[method] = (counts[method] ?? 0) + Number(value);
    }
    return counts;
  }

  #kubeconfig(user: string): string {
    const file = path.join(this.folder, `${user}.kubeconfig`);
    this.cluster.writeKubeconfig(file, user);
    return file;
  }

  async #publish(router: RouterKind, port: number): Promise<void> {
    const name = `router-${router}`;
    const spec = { type: 'ExternalName', externalName: '127.0.0.1', ports: [{ name: 'grpc', port }] };
    const metadata = {
      name,
      namespace: systemNamespace,
      labels: { 'sluice.dev/plugin': 'router' },
      annotations: { 'sluice.dev/plugin-name': pluginName[router] },
    };
    const key = { namespace: systemNamespace, name };
    if (await this.person.find(resources.services, key))
      await this.person.patch(resources.services, key, 'merge', { spec: { ports: spec.ports } });
    else await this.person.create(resources.services, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  }

  // What a person does.

  async create(...objects: readonly RawObject[]): Promise<void> {
    for (const object of objects) await this.person.create(refOf(object.kind ?? ''), object);
  }
  patch(kind: string, name: string, body: object): Promise<RawObject> {
    return this.person.patch(refOf(kind), { namespace: this.namespace, name }, 'merge', body);
  }
  patchStatus(name: string, status: object): Promise<RawObject> {
    const options = { subresource: 'status' };
    return this.person.patch(resources.rollouts, { namespace: this.namespace, name }, 'merge', { status }, options);
  }
  setImage(name: string, image: string): Promise<RawObject> {
    return this.patch('Rollout', name, { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  }
  /** Ends a pause. */
  promote(name: string): Promise<RawObject> {
    return this.patchStatus(name, { pauseConditions: null });
  }
  remove(kind: string, name: string): Promise<void> {
    return this.person.remove(refOf(kind), { namespace: this.namespace, name });
  }

  // What can be seen.

  find(kind: string, name: string): Promise<RawObject | undefined> {
    return this.person.find(refOf(kind), { namespace: this.namespace, name });
  }
  rollout(name: string): Promise<Rollout> {
    return this.person.get<Rollout>(resources.rollouts, { namespace: this.namespace, name });
  }
  async explain(name: string): Promise<Explained> {
    const address = this.#controller?.addresses['metrics'] ?? Object.values(this.#controller?.addresses ?? {})[0] ?? '';
    return (await (await fetch(new URL(`/explain/${this.namespace}/${name}`, address))).json()) as Explained;
  }
  /** Writes by our own processes, Leases and Events aside. */
  writes(): readonly WriteRecord[] {
    return this.cluster.audit
      .writes()
      .filter(({ user, resource }) => user !== 'person' && resource !== 'leases' && resource !== 'events');
  }

  // Waiting.

  until(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
    return waitUntil(what, test, { patienceMs, everyMs: 30 });
  }
  /** Resolves with the Rollout once its newest spec was observed and the test holds. */
  async status(name: string, what: string, test: (status: RolloutStatus) => boolean): Promise<Rollout> {
    let last: Rollout | undefined;
    try {
      await this.until(`${name}: ${what}`, async () => {
        last = await this.rollout(name);
        const { status = {}, metadata } = last;
        return status.observedGeneration === String(metadata.generation) && test(status);
      });
      return last!;
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; its status is ${JSON.stringify(last?.status)}`, { cause });
    }
  }
  healthy(name: string): Promise<Rollout> {
    const isDone = ({ phase, stableRS, currentPodHash }: RolloutStatus): boolean =>
      phase === 'Healthy' && stableRS === currentPodHash;
    return this.status(name, 'Healthy', isDone);
  }
  paused(name: string, step: number): Promise<Rollout> {
    return this.status(
      name,
      `Paused at step ${step}`,
      (status) => status.phase === 'Paused' && status.currentStepIndex === step,
    );
  }
}

function refOf(kind: string) {
  const ref = kinds[kind];
  if (ref === undefined) throw new RangeError(`no kind ${kind} here: add it to src/apps.ts`);
  return ref;
}

/** The share of the canary that was last seen to be routed; 0 before there is any. */
export const weightOf = ({ status }: Rollout): number => status?.canary?.weights?.canary.weight ?? 0;
