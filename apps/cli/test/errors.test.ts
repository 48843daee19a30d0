import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { startMoment } from './recorded.ts';
import { run } from './run.ts';

let api: FakeApi;

beforeEach(async () => {
  api = await startMoment('canary-steps--paused');
});
afterEach(() => api.close());

describe('errors', () => {
  it('say that nobody answers at the address, and where the address comes from', async () => {
    const gone = await startFakeApi([]);
    writeFileSync(api.kubeconfig, readFileSync(gone.kubeconfig));
    await gone.close();
    const result = await run(api, 'get rollout shop');
    expect(result.status).toBe(1);
    expect(result.err).toMatch(
      /^Error: .*ECONNREFUSED.* Is http:\/\/127\.0\.0\.1:\d+\/ \(from .*kubeconfig\) running and reachable\? .*\n$/,
    );
  });
  it('say what to do about a missing permission', async () => {
    api.refuse({
      method: 'GET',
      path: 'rollouts/shop',
      status: 403,
      reason: 'Forbidden',
      message: 'rollouts.argoproj.io "shop" is forbidden',
    });
    expect((await run(api, 'get rollout shop')).err).toBe(
      'Error: rollouts.argoproj.io "shop" is forbidden. Ask for that permission, or act as somebody who has it with --context or --as.\n',
    );
  });
  it('say what a kubeconfig lacks', async () => {
    const result = await run(api, 'get rollout shop --context other');
    expect(result.err).toMatch(/^Error: .*has no context "other". It has: fake\.\n$/);
  });
  it('show the usage for a missing argument and an unknown command', async () => {
    const missing = await run(undefined, 'abort');
    expect(missing).toMatchObject({ status: 1, out: '' });
    expect(missing.err).toMatch(
      /^Error: missing required argument 'ROLLOUT'\n\nUsage: sluice abort \[options\] <ROLLOUT\.\.\.>/,
    );
    expect((await run(undefined, 'promot shop')).err).toMatch(
      /^Error: unknown command 'promot'\n\(Did you mean promote\?\)/,
    );
    expect((await run(undefined, 'get rollout a b')).status).toBe(1);
  });
  it('name the flag whose value makes no sense', async () => {
    const result = await run(undefined, 'restart shop --in soon');
    expect(result.err).toContain(
      'Error: invalid argument "soon" for --in: expected a duration such as 30s, 5m or 1h30m\n',
    );
    expect(result.status).toBe(1);
  });
});

describe('completion', () => {
  it('offers commands, flags and names', async () => {
    expect((await run(undefined, ['__complete', '--', 'pr'])).out).toBe('promote\n');
    expect((await run(undefined, ['__complete', '--', 'get', ''])).out).toBe('rollout\nexperiment\n');
    expect((await run(undefined, ['__complete', '--', 'promote', '--f'])).out).toBe('--full\n');
    expect((await run(api, ['__complete', '--', 'promote', ''])).out).toBe('shop\n');
    expect((await run(undefined, ['__complete', '--', '--kubeconfig', api.kubeconfig, 'get', 'ro', 's'])).out).toBe(
      'shop\n',
    );
  });
  it('prints scripts for bash and zsh', async () => {
    expect((await run(undefined, 'completion bash')).out).toContain('complete -o default -F _sluice sluice');
    expect((await run(undefined, 'completion zsh')).out).toContain('#compdef sluice');
    expect((await run(undefined, 'completion fish')).status).toBe(1);
  });
});
