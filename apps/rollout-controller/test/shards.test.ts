import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { resources, shardOf } from '@sluice/kube';
import type { WriteRecord } from '@sluice/local-cluster';
import type { Rollout } from '@sluice/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveWorld, liveRollout } from './live-world.ts';

// What is tried here is who writes, not how fast: machines may be slow.
const timeout = 600_000;
const patienceMs = 150_000;
const main = path.resolve(import.meta.dirname, '../src/main.ts');
const shards = 4;
const names = Array.from({ length: 40 }, (_, index) => `web-${index}`);
const children: ChildProcess[] = [];
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
}, timeout);

interface Replica {
  readonly user: string;
  readonly child: ChildProcess;
  /** Of its status server. */
  readonly url: string;
}

async function startReplica(user: string): Promise<Replica> {
  const args = ['--shards', String(shards), '--lease-duration', '8s', '--lease-renew-deadline', '5s'];
  const http = ['--http-host', '127.0.0.1', '--http-port', '0', '--log-level', 'error', '--announce'];
  const child = spawn(
    process.execPath,
    [main, '--kubeconfig', world.kubeconfig(user), ...args, '--lease-retry', '500ms', ...http],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { addresses } = JSON.parse(line) as { addresses: { metrics: string } };
  return { user, child, url: addresses.metrics };
}

async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`still waiting for ${what}`);
    await sleep(200);
  }
}

async function update(image: string): Promise<void> {
  for (const name of names) await world.setImage(name, image);
}

/** All Rollouts are through with their newest spec. */
function updated(what: string): Promise<void> {
  return until(`all Rollouts ${what}`, async () => {
    const { items } = await world.person.list<Rollout>(resources.rollouts, { namespace: world.namespace });
    const isThrough = ({ status, metadata }: Rollout): boolean =>
      status?.phase === 'Healthy' && status.observedGeneration === String(metadata.generation);
    return items.length === names.length && items.every(isThrough);
  });
}

const heldBy = async ({ url }: Replica): Promise<number> =>
  ((await (await fetch(`${url}/metrics`)).text()).match(/^sluice_shard_held\{.*\} 1$/gm) ?? []).length;

/** Who works: each has a part, and together they have all. */
const sharing = (...replicas: readonly Replica[]): Promise<void> =>
  until(`${replicas.length} replicas to share the work`, async () => {
    const held = await Promise.all(replicas.map(heldBy));
    return held.every((count) => count > 0) && held.reduce((sum, count) => sum + count, 0) === shards;
  });

/** Writes on behalf of a Rollout that were not made by whoever had written the Lease of its shard last. */
function writesByOthers(): readonly WriteRecord[] {
  const holders = new Map<string, string>();
  return world.cluster.audit.writes().filter(({ resource, name, user, code, verb }) => {
    if (resource === 'leases') {
      if (code < 300) holders.set(name, user);
      return false;
    }
    if (!user.startsWith('replica-') || resource === 'events') return false;
    const rollout = /^web-\d+/.exec(name)?.[0];
    // The name of a ReplicaSet that is created is in its body.
    if (rollout === undefined) return verb !== 'create';
    return holders.get(`sluice-rollout-controller-${shardOf(`shop/${rollout}`, shards)}`) !== user;
  });
}

async function explanations(name: string, replicas: readonly Replica[]) {
  const answers = replicas.map(async ({ url }) => {
    const { explanation } = (await (await fetch(`${url}/explain/shop/${name}`)).json()) as {
      explanation: { code: string; detail: string };
    };
    return explanation;
  });
  return await Promise.all(answers);
}

it(
  'forty Rollouts are shared: one more replica takes its part, the part of one that is killed is taken over, and one that stood still past its Lease writes nothing',
  { timeout },
  async () => {
    const first = await startReplica('replica-1');
    const second = await startReplica('replica-2');
    for (const name of names) await world.apply(liveRollout(name, { canary: {} }, { replicas: 1 }));
    await updated('made');
    await sharing(first, second);

    const third = await startReplica('replica-3');
    await update('shop:2');
    await sharing(first, second, third);
    await updated('updated while one more came');
    const said = await explanations('web-0', [first, second, third]);
    expect(said.filter(({ code }) => code === 'OtherReplica')).toHaveLength(2);
    expect(said.find(({ code }) => code === 'OtherReplica')?.detail).toMatch(
      /^Replica .+ holds the Lease sluice-rollout-controller-\d and looks after shop\/web-0; this one only follows\.$/,
    );

    await update('shop:3');
    first.child.kill('SIGKILL');
    await updated('updated although one was killed in the middle of it');
    await sharing(second, third);

    second.child.kill('SIGSTOP');
    await update('shop:4');
    await updated('updated although one stands still');
    await update('shop:5');
    second.child.kill('SIGCONT');
    await updated('updated although one woke up with old Leases');
    await sharing(second, third);

    expect(writesByOthers()).toEqual([]);
    const writers = new Set(world.cluster.audit.writes().map(({ user }) => user));
    expect([...writers].filter((user) => user.startsWith('replica-')).sort()).toEqual([
      'replica-1',
      'replica-2',
      'replica-3',
    ]);
  },
);
