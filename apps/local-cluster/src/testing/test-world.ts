import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { parseAllDocuments } from 'yaml';
import type { WriteRecord } from '../api/audit.ts';
import { startLocalCluster } from '../cluster.ts';
import type { LocalCluster } from '../cluster.ts';
import { waitUntil } from './wait-until.ts';

const crds = path.resolve(import.meta.dirname, '../../../../charts/sluice/crds');
// Generous: what is tried is that things happen, not how fast.
const patienceMs = 60_000;

export interface WorldParts {
  readonly cluster: LocalCluster;
  readonly person: KubeClient;
  readonly directory: string;
}

/** What a TestWorld of `service` is made of: an empty cluster, a person's client and a folder, which the world removes when it is closed. */
export async function startWorld(service: string): Promise<WorldParts> {
  const cluster = await startLocalCluster({ workloads: { readyAfterMs: 20, recordEvents: false } });
  const directory = mkdtempSync(path.join(tmpdir(), `sluice-${service}-`));
  const kubeconfig = path.join(directory, 'person');
  cluster.writeKubeconfig(kubeconfig, 'person');
  return { cluster, directory, person: await createClient({ kubeconfig, userAgent: 'person' }) };
}

/** A local cluster with our CRDs, a person's client, and as many replicas of a service as a test starts. Everything goes over real HTTP. */
export class TestWorld {
  readonly namespace = 'shop';
  readonly cluster: LocalCluster;
  /** As a person: not counted as ours. */
  readonly person: KubeClient;
  readonly #directory: string;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #clients = 0;

  constructor({ cluster, person, directory }: WorldParts) {
    this.cluster = cluster;
    this.person = person;
    this.#directory = directory;
  }

  /** What an empty cluster needs before anything can be tried in it. */
  async furnish(): Promise<void> {
    for (const file of readdirSync(crds)) {
      for (const document of parseAllDocuments(readFileSync(path.join(crds, file), 'utf8')))
        await this.person.create(resources.customResourceDefinitions, document.toJS() as RawObject);
    }
    for (const name of ['sluice-system', 'argo-rollouts', this.namespace])
      await this.person.create(resources.namespaces, { metadata: { name } });
  }

  /** The last that was added is stopped first, when the world is closed. */
  atEnd(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  async close(): Promise<void> {
    this.cluster.faults.clear();
    for (const stop of this.#stops.toReversed()) await stop();
    this.person.close();
    await this.cluster.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Path of a kubeconfig with which writes stand in the audit as those of `user`. */
  kubeconfig(user: string): string {
    const kubeconfig = path.join(this.#directory, `${user}-${this.#clients++}`);
    this.cluster.writeKubeconfig(kubeconfig, user);
    return kubeconfig;
  }

  /** A client as a service has it. */
  async client(user = 'sluice'): Promise<KubeClient> {
    const client = await createClient({ kubeconfig: this.kubeconfig(user), userAgent: 'sluice-test' });
    this.atEnd(() => client.close());
    return client;
  }

  // What a person does.

  async apply(...objects: readonly RawObject[]): Promise<void> {
    for (const object of objects) {
      const ref = refOf(object.kind ?? '');
      await this.person.create(ref, { ...object, metadata: { namespace: this.namespace, ...object.metadata } });
    }
  }
  patch(kind: string, name: string, body: object): Promise<RawObject> {
    return this.person.patch(refOf(kind), { namespace: this.namespace, name }, 'merge', body);
  }
  remove(kind: string, name: string): Promise<void> {
    return this.person.remove(refOf(kind), { namespace: this.namespace, name });
  }

  // What can be seen.

  async eventsOf(name: string): Promise<readonly RawObject[]> {
    const { items } = await this.person.list<RawObject>(resources.events, { namespace: this.namespace });
    return items.filter((event) => event['involvedObject'].name === name);
  }
  async owned<T extends RawObject>(kind: string, name: string): Promise<readonly T[]> {
    const { items } = await this.person.list<T>(refOf(kind), { namespace: this.namespace });
    return items.filter((object) => object.metadata.ownerReferences?.some((owner) => owner.name === name));
  }
  /** Writes by services that the server carried out, Leases and Events aside. */
  writes(): readonly WriteRecord[] {
    const counted = (write: WriteRecord): boolean =>
      write.user === 'sluice' && write.code < 300 && write.resource !== 'leases' && write.resource !== 'events';
    return this.cluster.audit.writes().filter(counted);
  }

  // Waiting.

  until(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
    return waitUntil(what, test, { patienceMs });
  }
}

export function refOf(kind: string): ResourceRef {
  const found = Object.values(resources).find((ref) => ref.kind === kind);
  if (found === undefined) throw new RangeError(`no kind ${kind} here`);
  return found;
}
