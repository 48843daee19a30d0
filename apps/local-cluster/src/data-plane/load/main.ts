// Load from a terminal: finds out how clients reach a Rollout, sends requests there, and says what they got.
import { parseArgs } from 'node:util';
import type { Entrance } from '../entrances.ts';
import type { Split } from '../record/split.ts';
import { runLoad } from './load.ts';

const usage = `usage: node src/data-plane/load/main.ts --status URL --rollout NAMESPACE/NAME [--rate N] [--seconds N]
  --status URL   of the data plane, as the local cluster announces it (data-plane-status)
  --rate N       requests a second; 200 if absent
  --seconds N    then it ends; 10 if absent`;

async function read<T>(status: string, path: string): Promise<T> {
  const response = await fetch(new URL(path, status)).catch((error: unknown) => {
    throw new Error(`${status} does not answer: is it the address of a data plane's status?`, { cause: error });
  });
  const body = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(`${status}${path}: ${body.message ?? response.status}`);
  return body;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      status: { type: 'string' },
      rollout: { type: 'string' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '10' },
      help: { type: 'boolean' },
    },
  });
  const { status, rollout } = values;
  if (values.help || !status || !rollout) {
    console.log(usage);
    process.exit(values.help ? 0 : 2);
  }
  const query = `rollout=${encodeURIComponent(rollout)}`;
  const { url, entrances } = await read<{ url: string; entrances: Entrance[] }>(status, `/entrances?${query}`);
  if (entrances.length === 0)
    throw new Error(`no route and no Service leads to ${rollout}: make one that selects its pods`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const seconds = Number(values.seconds);
  const load = { url, targets: entrances, ratePerSecond: Number(values.rate), durationMs: seconds * 1000 };
  const result = await runLoad({ ...load, signal: stop.signal });
  const split = await read<Split>(status, `/split?${query}&seconds=${Math.max(1, Math.min(300, Math.ceil(seconds)))}`);
  console.log(JSON.stringify({ load: result, split }, undefined, 2));
}

main().catch((error: unknown) => {
  console.error(`load: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
