import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MetricWorld } from '../src/index.ts';
import { example } from './environment.ts';
import type { PythonEnvironment } from './environment.ts';

/** What the example cannot be asked: it answers within one call, and leaves nothing behind. */
export const without = ['ending', 'endless', 'left-behind', 'side-effects', 'restart'] as const;

/** The example as a process of its own, with a back end that has data, has none, fails and hangs. */
export async function startExample({ python, env }: PythonEnvironment) {
  const backEnd = await startBackEnd();
  const child = spawn(python, [join(example, 'main.py'), '--host', '127.0.0.1', '--port', '0'], { env });
  const lines: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const [first] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(() => Promise.reject(new Error(`the example has ended: ${lines.join('')}`))),
  ])) as [string];
  const { port } = JSON.parse(first) as { port: number };
  return {
    target: { address: `127.0.0.1:${port}`, stop },
    metricWorld: { ...backEnd.world, logged: () => lines.join('') } satisfies MetricWorld,
    async stop() {
      await stop();
      await backEnd.stop();
    },
  };
}

async function startBackEnd() {
  let asked = 0;
  let hanging = 0;
  const server = createServer(({ url = '' }, response) => {
    asked += 1;
    if (url === '/hanging') {
      hanging += 1;
      response.on('close', () => (hanging -= 1));
      return;
    }
    response.statusCode = url.startsWith('/failing') ? 500 : 200;
    response.end(url === '/nothing' ? '[]' : '[0.2,0.25,0.9]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = (path: string) => ({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}` });
  const world: MetricWorld = {
    samples: {
      value: { ...at('/latencies'), statistic: 'median' },
      noData: at('/nothing'),
      failing: at('/failing'),
      hanging: { ...at('/hanging'), timeoutSeconds: 60 },
      secret: { text: 's3cret-token', config: at('/failing?token=s3cret-token') },
    },
    asked: async () => asked,
    running: async () => hanging,
  };
  const stop = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { world, stop };
}
