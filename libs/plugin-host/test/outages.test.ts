import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { intentOf, startHost, startRouter, stopAll } from './plugins.ts';

const children: ChildProcess[] = [];
const closers: (() => void)[] = [];

afterEach(async () => {
  await stopAll();
  for (const close of closers.splice(0)) close();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

const epoch = 0;

async function startProcess(port = 0, version = '1'): Promise<{ child: ChildProcess; address: string; port: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'memory-plugin.ts'), String(port), version], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const address = line.toString().trim();
  return { child, address, port: Number(address.split(':').at(-1)) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await once(child, 'exit');
}

async function hostFor(address: string, timings = {}) {
  const host = startHost({ configured: [{ type: 'router', name: 'r', address }], timings });
  await host.start();
  await expect.poll(() => host.stateOf('router', 'r', 'shop'), { timeout: 60_000 }).toBe('ready');
  return { host, router: host.router('r', 'shop') ?? expect.unreachable('the router should be known') };
}

/** A wire between two programs that can be cut without either of them noticing, as by a machine that loses its power. */
async function startWire(to: number) {
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (chunk) => {
        if (!silenced.has(one)) other.write(chunk);
      });
      one.on('error', () => undefined);
      one.on('close', () => silenced.has(one) || other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Nothing that is sent over the present connections arrives any more; they stay open. */
    silence: () => sockets.forEach((socket) => silenced.add(socket)),
  };
}

describe('a plugin that is a process of its own', { timeout: 240_000 }, () => {
  test('and is killed holds nobody up but its callers, and is called again when it is back', async () => {
    const first = await startProcess();
    const other = await startRouter();
    const { host, router } = await hostFor(first.address);
    host.configure({ type: 'router', name: 'other', address: other.address });
    await router.apply(intentOf(1), { epoch });
    await end(first.child, 'SIGKILL');
    await expect.poll(() => router.state).toBe('connecting');
    await expect(router.apply(intentOf(2), { epoch, deadlineMs: 300 })).rejects.toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
    await expect.poll(() => host.stateOf('router', 'other', 'shop')).toBe('ready');
    expect((await host.router('other', 'shop')?.apply(intentOf(3), { epoch }))?.observation.canaryWeight).toBe(3);
    await startProcess(first.port, '2');
    await expect.poll(() => router.state, { timeout: 60_000 }).toBe('ready');
    expect((await router.apply(intentOf(4), { epoch })).observation.canaryWeight).toBe(4);
    expect(router.version).toBe('2');
  });

  test('and is upgraded while 20 rollouts are routed fails none of their calls', async () => {
    const first = await startProcess();
    // On a busy machine a process takes long to start; how long one is waited for is told elsewhere.
    const { router } = await hostFor(first.address, { restartMs: 120_000 });
    const failures: unknown[] = [];
    let going = true;
    const rollouts = Array.from({ length: 20 }, async (_, index) => {
      for (let weight = 0; going; weight = (weight + 1) % 101) {
        const asked = router.apply(intentOf(weight, `uid-${index}`), { epoch, deadlineMs: 120_000 });
        await asked.catch((error: unknown) => failures.push(error));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    for (const version of ['2', '3']) {
      const running = children.at(-1) ?? expect.unreachable('a plugin should run');
      await end(running, 'SIGTERM');
      await startProcess(first.port, version);
      await expect.poll(() => router.version, { timeout: 60_000 }).toBe(version);
    }
    going = false;
    await Promise.all(rollouts);
    expect(failures).toEqual([]);
  });
});

describe('a connection that is dead without a word', { timeout: 240_000 }, () => {
  test('is given up when calls over it are not answered, and a new one takes its place', async () => {
    const plugin = await startRouter();
    const wire = await startWire(plugin.port);
    const { router } = await hostFor(wire.address, { breakerFailures: 2, probeDeadlineMs: 200 });
    await router.apply(intentOf(1), { epoch });
    wire.silence();
    for (const weight of [2, 3])
      await expect(router.apply(intentOf(weight), { epoch, deadlineMs: 100 })).rejects.toMatchObject({
        code: 'Unavailable',
      });
    await expect
      .poll(
        () =>
          router.apply(intentOf(4), { epoch, deadlineMs: 500 }).then(
            ({ observation }) => observation.canaryWeight,
            () => 'not yet',
          ),
        {
          timeout: 60_000,
        },
      )
      .toBe(4);
    expect(router.state).toBe('ready');
  });
});
