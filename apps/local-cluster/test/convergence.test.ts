import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createClient,
  createInformer,
  createWorkQueue,
  createWrittenVersions,
  isKubeError,
  keyOf,
  parseKey,
  resources,
  sameJson,
} from '@sluice/kube';
import type { Informer, KubeClient, RawObject, WorkQueue } from '@sluice/kube';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startLocalCluster } from '../src/index.ts';
import type { LocalCluster } from '../src/index.ts';

// What every service is built from (informer, queue, read-your-writes) against real HTTP and every fault that can be switched on: it must end with exactly the
// server's state, by itself. The controller here is as small as one can be: it keeps a copy of each source.

const namespace = 'default';
const sourceCount = 6;

let directory: string;
let cluster: LocalCluster;
let client: KubeClient;
let informer: Informer;
let queue: WorkQueue;

const source = (index: number, value: string): RawObject => ({
  metadata: { name: `source-${index}`, namespace, labels: { role: 'source' } },
  data: { value },
});

async function copySource(key: string): Promise<void> {
  const { name } = parseKey(key);
  const original = informer.get(namespace, name);
  const copy = informer.get(namespace, `copy-of-${name}`);
  if (original === undefined) {
    if (copy !== undefined) await client.remove(resources.configMaps, copy.metadata, { uid: copy.metadata.uid ?? '' });
    return;
  }
  const data = original['data'] as object;
  if (copy === undefined) {
    const created = await client.create<RawObject>(resources.configMaps, {
      metadata: { name: `copy-of-${name}`, namespace, labels: { role: 'copy' } },
      data,
    });
    written.wrote(key, informer, created);
  } else if (!sameJson(copy['data'], data)) {
    const options = { resourceVersion: copy.metadata.resourceVersion ?? '' };
    written.wrote(key, informer, await client.patch(resources.configMaps, copy.metadata, 'merge', { data }, options));
  }
}

let written = createWrittenVersions();

async function reconcile(key: string): Promise<{ againAfterMs: number } | undefined> {
  if (written.isBehind(key)) return { againAfterMs: 20 };
  try {
    await copySource(key);
  } catch (error) {
    // The cache was behind: what comes next over the watch brings the key back; a lost answer may not, so look again.
    if (isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound')) return { againAfterMs: 50 };
    throw error;
  }
  return undefined;
}

function startController(): void {
  written = createWrittenVersions({ expireMs: 2_000 });
  queue = createWorkQueue({ run: reconcile, workers: 3, maxBackoffMs: 300 });
  informer = createInformer({
    client,
    ref: resources.configMaps,
    namespaces: [namespace],
    project: (raw) => raw,
    pageSize: 4,
    watchSeconds: 2,
    idleGraceMs: 200,
    minBackoffMs: 20,
    maxBackoffMs: 300,
    listTimeoutMs: 800,
  });
  informer.onChange((before, after) => {
    const { name = '', labels } = (after ?? before)?.metadata ?? {};
    if (labels?.['role'] !== undefined) queue.add(keyOf({ namespace, name: name.replace(/^copy-of-/, '') }));
  });
  informer.start();
  queue.start();
}

/** The tester's own hand on the cluster: past HTTP, so past the faults. */
function change(step: number): void {
  const index = step % sourceCount;
  const ref = { group: '', version: 'v1', resource: 'configmaps' };
  const existing = cluster.store.get(ref, namespace, `source-${index}`);
  if (existing !== undefined && step % 4 === 3) cluster.store.remove(ref, namespace, `source-${index}`);
  else if (existing !== undefined) cluster.store.update(ref, { ...existing, data: { value: `v${step}` } });
  else cluster.store.create(ref, { apiVersion: 'v1', kind: 'ConfigMap', ...source(index, `v${step}`) } as never);
}

function stored(): RawObject[] {
  return cluster.store.list({ group: '', version: 'v1', resource: 'configmaps' }, namespace) as unknown as RawObject[];
}

function expectConverged(): void {
  const truth = new Map(stored().map((object) => [keyOf(object.metadata), object]));
  expect(new Set(informer.list().map((object) => keyOf(object.metadata)))).toEqual(new Set(truth.keys()));
  for (const object of informer.list()) expect(object).toEqual(truth.get(keyOf(object.metadata)));
  const values = (role: string): string[] =>
    [...truth.values()]
      .filter((object) => object.metadata.labels?.['role'] === role)
      .map(
        (object) =>
          `${object.metadata.name?.replace('copy-of-', '') ?? ''}=${String((object['data'] as { value: string }).value)}`,
      )
      .sort();
  expect(values('copy')).toEqual(values('source'));
}

const converges = () => vi.waitFor(expectConverged, { timeout: 60_000, interval: 50 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function changeForAWhile(from: number, steps = 24): Promise<void> {
  for (let step = from; step < from + steps; step += 1) {
    change(step);
    await pause(10);
  }
}

beforeEach(async () => {
  cluster = await startLocalCluster({ workloads: false });
  directory = mkdtempSync(path.join(tmpdir(), 'sluice-convergence-'));
  const kubeconfig = path.join(directory, 'kubeconfig');
  cluster.writeKubeconfig(kubeconfig);
  client = await createClient({ kubeconfig, defaultTimeoutMs: 800 });
  startController();
  await informer.whenSynced();
});

afterEach(async () => {
  await Promise.all([informer.stop(), queue.drain()]);
  client.close();
  await cluster.stop();
  rmSync(directory, { recursive: true });
});

describe('informer, queue and read-your-writes end with exactly the state of the server', { timeout: 240_000 }, () => {
  it('when all is well', async () => {
    await changeForAWhile(0);
    await converges();
  });

  const faults: readonly [string, () => void][] = [
    [
      'conflicts (409) on half of the writes',
      () => cluster.faults.add({ method: 'PATCH', probability: 0.5, answer: { code: 409 } }),
    ],
    ['watches that are refused as too old (410)', () => cluster.faults.add({ method: 'WATCH', answer: { code: 410 } })],
    ['watches that are told in their middle that they are too old', () => cluster.faults.add({ watch: 'expire' })],
    ['watches that break after each event', () => cluster.faults.add({ watch: 'drop' })],
    ['watches that fall silent', () => cluster.faults.add({ watch: 'silent' })],
    ['watches that bring everything late', () => cluster.faults.add({ watch: 'slow', delayMs: 300 })],
    ['calls that fail with 500', () => cluster.faults.add({ probability: 0.5, answer: { code: 500 } })],
    [
      'calls that are throttled (429)',
      () => cluster.faults.add({ probability: 0.5, answer: { code: 429, retryAfterSeconds: 0 } }),
    ],
    ['connections that break before the answer', () => cluster.faults.add({ probability: 0.5, reset: true })],
    [
      'answers that are lost although the call was carried out',
      () => cluster.faults.add({ probability: 0.5, reset: true, perform: true }),
    ],
    ['calls that are never answered', () => cluster.faults.add({ probability: 0.3, hang: true })],
    ['slow calls', () => cluster.faults.add({ delayMs: 150 })],
  ];

  it.each(faults)('after %s', async (_what, begin) => {
    await changeForAWhile(0, 12);
    begin();
    // Whoever was watching already meets the fault too.
    cluster.faults.dropWatches();
    await changeForAWhile(12);
    await pause(500);
    await vi.waitFor(() => expect(cluster.faults.list()[0]?.hits).toBeGreaterThan(0), { timeout: 60_000 });
    cluster.faults.clear();
    await converges();
    await changeForAWhile(36, 8);
    await converges();
  });

  it('after its open watches were dropped and its history forgotten', async () => {
    await changeForAWhile(0, 12);
    cluster.faults.dropWatches();
    cluster.faults.compact();
    await changeForAWhile(12, 12);
    cluster.faults.expireWatches();
    await changeForAWhile(24, 12);
    await converges();
  });

  it.each([
    ['at once, with its data', { keepData: true }],
    ['at once, without its data', { keepData: false }],
    ['after a while, with its data', { keepData: true, downMs: 1_500 }],
    ['after a while, without its data', { keepData: false, downMs: 1_500 }],
  ])('after the API came back %s', async (_what, how) => {
    await changeForAWhile(0, 18);
    await cluster.restart(how);
    await changeForAWhile(18, 6);
    await converges();
    await changeForAWhile(24, 12);
    await converges();
  });
});
