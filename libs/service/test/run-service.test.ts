import { describe, expect, it } from 'vitest';
import { integer, runService, serviceOptions } from '../src/index.ts';
import type { Host, Part } from '../src/index.ts';

function capturingHost() {
  const seen = { stdout: [] as string[], stderr: [] as string[], exits: [] as number[] };
  const host: Host = {
    onSignal: () => () => undefined,
    onCrash: () => () => undefined,
    stdout: (line) => void seen.stdout.push(line),
    stderr: (line) => void seen.stderr.push(line),
    exit: (code) => void seen.exits.push(code),
  };
  return { host, ...seen };
}

const options = { ...serviceOptions({ httpPort: 0 }), workers: integer('At once.', { default: 4 }) };
const quiet = ['--http-host', '127.0.0.1', '--log-level', 'error'];
const spec = { name: 'demo', summary: 'Tries.', options };
const noParts = { parts: [] as Part[] };

describe('running a service', () => {
  it('serves health and metrics while its parts run, and announces where', async () => {
    const outside = capturingHost();
    const service = await runService(
      {
        ...spec,
        assemble: ({ config }) => ({ ...noParts, ready: { workers: () => config.workers === 7 || 'wrong' } }),
      },
      { host: outside.host, source: { argv: [...quiet, '--announce', '--workers', '7'], env: {} } },
    );
    const announced = JSON.parse(outside.stdout[0] ?? '') as { addresses: { metrics: string } };
    const answer = await fetch(`${announced.addresses.metrics}/readyz`);
    expect(answer.status).toBe(200);
    expect(await service?.stop('test')).toBe(0);
  });

  it('prints every mistake in the configuration and exits with 1', async () => {
    const outside = capturingHost();
    const source = { argv: ['--workers', 'x', '--nope'], env: {} };
    expect(await runService({ ...spec, assemble: () => noParts }, { host: outside.host, source })).toBeUndefined();
    expect(outside.exits).toEqual([1]);
    expect(outside.stderr).toEqual([
      'demo: --nope is unknown; --help lists the flags.',
      'demo: --workers is "x": write a whole number.',
    ]);
  });

  it('prints one line when it cannot be put together', async () => {
    const outside = capturingHost();
    const assemble = () => Promise.reject(new Error('no cluster configured:\n set KUBECONFIG'));
    await runService({ ...spec, assemble }, { host: outside.host, source: { argv: quiet, env: {} } });
    expect(outside.stderr).toEqual(['demo: no cluster configured: set KUBECONFIG']);
    expect(outside.exits).toEqual([1]);
  });

  it('ends when a part reports that it cannot go on, even before everything is up', async () => {
    const outside = capturingHost();
    const service = await runService(
      { ...spec, assemble: ({ fail }) => ({ parts: [{ name: 'early', start: () => fail(new Error('gone')) }] }) },
      { host: outside.host, source: { argv: [...quiet, '--log-format', 'text'], env: {} } },
    );
    expect(await service?.ended).toBe(1);
    expect(outside.stderr).toEqual(['demo: gone']);
  });
});
