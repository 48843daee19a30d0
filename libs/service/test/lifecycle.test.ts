import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StartError, createLogger, startService } from '../src/index.ts';
import type { Host, Part } from '../src/index.ts';

const logger = createLogger({ name: 'demo', destination: { write: () => undefined } });

function fakeHost() {
  const signals = new Set<(signal: 'SIGTERM' | 'SIGINT') => void>();
  const crashes = new Set<(error: unknown) => void>();
  const seen = { stdout: [] as string[], stderr: [] as string[], exits: [] as number[] };
  const host: Host = {
    onSignal: (listener) => (signals.add(listener), () => void signals.delete(listener)),
    onCrash: (listener) => (crashes.add(listener), () => void crashes.delete(listener)),
    stdout: (line) => void seen.stdout.push(line),
    stderr: (line) => void seen.stderr.push(line),
    exit: (code) => void seen.exits.push(code),
  };
  return {
    host,
    ...seen,
    signal: () => signals.forEach((listener) => listener('SIGTERM')),
    crash: (error: unknown) => crashes.forEach((listener) => listener(error)),
    listeners: () => signals.size + crashes.size,
  };
}

function tracedParts(...names: string[]): { parts: Part[]; trace: string[] } {
  const trace: string[] = [];
  const parts = names.map((name) => ({
    name,
    start: () => void trace.push(`start ${name}`),
    stop: () => void trace.push(`stop ${name}`),
  }));
  return { parts, trace };
}

afterEach(() => void vi.useRealTimers());

describe('a service', () => {
  it('starts its parts in order and stops them in the reverse order on SIGTERM', async () => {
    const outside = fakeHost();
    const { parts, trace } = tracedParts('a', 'b', 'c');
    const service = await startService({ name: 'demo', parts, logger, host: outside.host });
    outside.signal();
    expect(await service.ended).toBe(0);
    expect(trace).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
    expect(outside.exits).toEqual([0]);
    expect(outside.listeners()).toBe(0);
  });

  it('announces its addresses as one line of JSON only when asked', async () => {
    const quiet = fakeHost();
    await startService({ name: 'demo', parts: [], logger, host: quiet.host });
    expect(quiet.stdout).toEqual([]);
    const outside = fakeHost();
    const parts = [
      { name: 'metrics', start: () => Promise.resolve('http://127.0.0.1:1234') },
      { name: 'queue', start: () => undefined },
    ];
    await startService({ name: 'demo', parts, logger, host: outside.host, announce: true });
    expect(outside.stdout.map((line) => JSON.parse(line) as unknown)).toEqual([
      { name: 'demo', pid: process.pid, addresses: { metrics: 'http://127.0.0.1:1234' } },
    ]);
  });

  it('stops what had started and says one line when a part cannot start', async () => {
    const outside = fakeHost();
    const { parts, trace } = tracedParts('a', 'b');
    const broken = {
      name: 'http',
      start: () => Promise.reject(new StartError('port 80 is taken.\n  Choose another.')),
    };
    await expect(startService({ name: 'demo', parts: [...parts, broken], logger, host: outside.host })).rejects.toThrow(
      StartError,
    );
    expect(trace).toEqual(['start a', 'start b', 'stop b', 'stop a']);
    expect(outside.stderr).toEqual(['demo: port 80 is taken. Choose another.']);
    expect(outside.exits).toEqual([1]);
  });

  it('stops a part that finishes starting after the signal, and starts nothing more', async () => {
    const outside = fakeHost();
    const { parts, trace } = tracedParts('late', 'never');
    const [late, never] = parts as [Part, Part];
    const slow = { ...late, start: async () => (outside.signal(), await Promise.resolve(), late.start()) };
    await startService({ name: 'demo', parts: [slow, never], logger, host: outside.host, announce: true });
    expect(trace).toEqual(['start late', 'stop late']);
    expect(outside.stdout).toEqual([]);
  });

  it('goes on stopping when one part fails to, and ends with 1', async () => {
    const outside = fakeHost();
    const { parts, trace } = tracedParts('a');
    const bad = { name: 'bad', start: () => undefined, stop: () => Promise.reject(new Error('stuck')) };
    const service = await startService({ name: 'demo', parts: [...parts, bad], logger, host: outside.host });
    expect(await service.stop('test')).toBe(1);
    expect(trace).toEqual(['start a', 'stop a']);
  });

  it('ends with 1 at the deadline when a part never stops', async () => {
    vi.useFakeTimers();
    const outside = fakeHost();
    const parts = [{ name: 'stuck', start: () => undefined, stop: () => new Promise<void>(() => undefined) }];
    const service = await startService({ name: 'demo', parts, logger, host: outside.host, stopTimeoutMs: 5_000 });
    outside.signal();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(outside.exits).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await service.ended).toBe(1);
  });

  it('ends at once on a second signal', async () => {
    const outside = fakeHost();
    const parts = [{ name: 'stuck', start: () => undefined, stop: () => new Promise<void>(() => undefined) }];
    await startService({ name: 'demo', parts, logger, host: outside.host });
    outside.signal();
    outside.signal();
    expect(outside.exits).toEqual([1]);
  });

  it('stops with one line and 1 when something throws that nobody caught', async () => {
    const outside = fakeHost();
    const { parts, trace } = tracedParts('a');
    const service = await startService({ name: 'demo', parts, logger, host: outside.host });
    outside.crash(new Error('lost it'));
    expect(await service.ended).toBe(1);
    expect(outside.stderr).toEqual(['demo: lost it']);
    expect(trace).toEqual(['start a', 'stop a']);
  });
});

describe('a program whose lines nobody reads any more', () => {
  it('works on, and does not take it for a failure', async () => {
    const lifecycle = new URL('../src/lifecycle.ts', import.meta.url).href;
    const program = `
      const { processHost } = await import(${JSON.stringify(lifecycle)});
      const host = processHost();
      host.onCrash(() => process.exit(3));
      process.stdin.once('data', () => {
        for (let line = 0; line < 100; line++) host.stderr('a line');
        setTimeout(() => process.exit(0), 200);
      });
      host.stdout('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
    await once(child.stdout, 'data');
    child.stderr.destroy();
    child.stdin.write('go on\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
