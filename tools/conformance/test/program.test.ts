import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePlugin } from '@sluice/plugin-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import type { Report } from '../src/index.ts';
import { programFor } from '../src/program.ts';
import { createMemoryRouter } from '../src/reference/memory-router.ts';
import { createMemoryWorld } from '../src/reference/memory-world.ts';
import { createRouteStore } from '../src/reference/route-store.ts';
import { capabilities, startMemoryMetric, startMemoryRouter, startMemoryStep } from './plugins.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const program = programFor({
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
  });
  return { code: await program.run(argv), out: out.join(''), err: err.join('') };
}

async function fileWith(text: string, name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-conformance-'));
  stops.push(() => rm(directory, { recursive: true }));
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

async function addressOf(starting: Promise<{ target: { address: string }; stop: () => Promise<void> }>) {
  const { target, stop } = await starting;
  stops.push(stop);
  return target.address;
}

describe('sluice-conformance', { timeout: 240_000 }, () => {
  test('checks at an address what needs no more, and lists the rest as left out', async () => {
    const { code, out } = await run('--address', await addressOf(startMemoryRouter()));
    expect(code).toBe(0);
    expect(out).toMatch(/^passed {4}P5 {2}Describe answers/m);
    expect(out).toMatch(/^left out {2}R8 /m);
    expect(out).toMatch(/\d+ passed, 0 failed, \d+ left out\n$/);
  });

  test('checks more with a fixture, and gives its routes back', async () => {
    const store = createRouteStore();
    const target = await createMemoryWorld(store).createRollout();
    const plugin = await servePlugin({ name: 'm', version: '1', capabilities, router: createMemoryRouter(store) });
    stops.push(() => plugin.stop());
    const before = store.peek('shop-0-route-0')?.rules;
    const fixture = await fileWith(
      JSON.stringify({ ...target, config: JSON.parse(target?.configJson ?? '{}') }),
      'fixture.yaml',
    );
    const { code, out } = await run('--address', plugin.address, '--fixture', fixture);
    expect(code).toBe(0);
    for (const rule of ['P1', 'P2', 'R1', 'R3', 'R7']) expect(out).toMatch(new RegExp(`^passed +${rule} `, 'm'));
    expect(store.peek('shop-0-route-0')?.rules).toEqual(before);
  });

  test('checks with the world of a module, and only the rules of --only', async () => {
    const world = await fileWith(
      `export async function createWorld() { return { stepWorld: { configJson: '{}', starts: async () => 0 } }; }`,
      'world.mjs',
    );
    const address = await addressOf(startMemoryStep());
    const { out } = await run('--address', address, '--type', 'step', '--world', world, '--only', 's2,S1', '--json');
    const report = JSON.parse(out) as Report;
    expect(report.rules.map(({ id, outcome }) => [id, outcome])).toEqual([
      // A world that counts nothing: work seems never to have begun.
      ['S1', 'failed'],
      ['S2', 'passed'],
    ]);
  });

  test('ends with 1 when a rule is broken, and says what was expected and seen', async () => {
    const store = createRouteStore();
    const target = await createMemoryWorld(store).createRollout();
    const echo = await servePlugin({
      name: 'echo',
      version: '1',
      router: { ...createMemoryRouter(store), apply: async () => ({ inSync: false, canaryWeight: 3 }) },
    });
    stops.push(() => echo.stop());
    const config = JSON.parse(target?.configJson ?? '{}') as object;
    const fixture = await fileWith(JSON.stringify({ ...target, config }), 'fixture.json');
    const result = await run('--address', echo.address, '--fixture', fixture, '--only', 'R3');
    expect(result.code).toBe(1);
    expect(result.out).toContain('and should be {"inSync":true,"canaryWeight":20}');
    expect(result.out).toContain('0 passed, 1 failed');
  });

  test('checks a metric provider with a fixture of configurations', async () => {
    const { metricWorld, ...started } = await startMemoryMetric();
    const address = await addressOf(Promise.resolve(started));
    const fixture = await fileWith(JSON.stringify({ ...metricWorld.samples, hanging: undefined }), 'fixture.yaml');
    const { code, out } = await run('--address', address, '--type', 'metric', '--fixture', fixture);
    expect(code, out).toBe(0);
    for (const rule of ['P4', 'P5', 'P6', 'M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8'])
      expect(out).toMatch(new RegExp(`^passed +${rule} `, 'm'));
    expect(out).toMatch(/^left out +M9 /m);
  });

  test.each([
    ['no value', '{}', 'needs value'],
    ['a word that it does not know', 'value: {}\nvalues: {}', 'has values'],
    ['a secret that stands nowhere', 'value: {}\nsecret: { text: s3cret, config: {} }', 'stands nowhere'],
    ['a text for a configuration', 'value: up', 'value of the fixture is no configuration'],
  ])('says what is wrong with a fixture that has %s', async (_what, yaml, line) => {
    const address = await addressOf(startMemoryMetric());
    const fixture = await fileWith(yaml, 'f.yaml');
    const { code, err } = await run('--address', address, '--type', 'metric', '--fixture', fixture);
    expect([code, err]).toEqual([2, expect.stringContaining(line)]);
  });

  test.each([
    ['no address', [], '--address HOST:PORT is missing'],
    ['an unknown flag', ['--adress', 'x'], "Unknown option '--adress'"],
    ['an unknown type', ['--address', 'x:1', '--type', 'notifier'], 'there is a suite for router, metric and step'],
    ['a certificate without a key', ['--address', 'x:1', '--ca', 'a', '--cert', 'b'], '--cert goes with --key'],
  ])('ends with 2 and one line for %s', async (_what, argv, line) => {
    const { code, err, out } = await run(...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(line);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('ends with 2 and one line when nobody answers', async () => {
    const { target, stop } = await startMemoryRouter();
    await stop();
    const { code, err } = await run('--address', target.address);
    expect(code).toBe(2);
    expect(err).toContain(`nobody answers at ${target.address}`);
  });

  test('says what is missing in a fixture', async () => {
    const address = await addressOf(startMemoryRouter());
    const { code, err } = await run('--address', address, '--fixture', await fileWith('rollout: {}', 'f.yaml'));
    expect([code, err]).toEqual([2, expect.stringContaining('rollout.namespace')]);
  });

  test('prints its options with --help', async () => {
    const { code, out } = await run('--help');
    expect([code, out]).toEqual([0, expect.stringContaining('--fixture FILE')]);
  });
});
