// Scenarios of tools/parity that need no router, Job or Prometheus, played in virtual time against what the reference was seen to do.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noCapabilities } from '@sluice/engine';
import { createWorld } from '../src/index.ts';
import { load, SimulatedWorld, webMeasure } from './parity-world.ts';

/* eslint-disable @typescript-eslint/no-explicit-any */
const file = (path: string): string => new URL(`../../../tools/parity/${path}`, import.meta.url).pathname;
const json = (path: string): any => JSON.parse(readFileSync(file(path), 'utf8'));

interface Difference {
  readonly path: string;
  readonly want: unknown;
  readonly got: unknown;
}

function* differences(want: any, got: any, at = ''): Generator<Difference> {
  if (
    want &&
    got &&
    typeof want === 'object' &&
    typeof got === 'object' &&
    Array.isArray(want) === Array.isArray(got)
  ) {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)]))
      yield* differences(want[key], got[key], `${at}/${key}`);
  } else if (JSON.stringify(want) !== JSON.stringify(got)) yield { path: at, want, got };
}

/** The sets of a Deployment are Kubernetes' own, and events are compared by kind. */
function states(checkpoints: any): any {
  const state = ({ events: _, ReplicaSet = {}, ...rest }: any) => ({
    ...rest,
    ReplicaSet: Object.fromEntries(
      Object.entries<any>(ReplicaSet).filter(([, set]) => !set.owner?.[0]?.startsWith('Deployment/')),
    ),
  });
  return Object.fromEntries(Object.entries(checkpoints).map(([label, found]) => [label, state(found)]));
}

const eventKinds = (checkpoints: any): string[] =>
  [
    ...new Set(
      ((Object.values(checkpoints).at(-1) as any)?.events ?? []).map((event: string) => event.split(':')[0] ?? ''),
    ),
  ] as string[];

const knownFile = file('known.json');
const known: { path: string }[] = existsSync(knownFile) ? JSON.parse(readFileSync(knownFile, 'utf8')) : [];
const isKnown = (scenario: any, path: string): boolean =>
  known.some((entry) => new RegExp(entry.path).test(scenario.name + path)) ||
  (scenario.unstable ?? []).some((pattern: string) => new RegExp(pattern).test(path));

/** Measured by other means than an address that is answered at once. */
const needsMore = /analysis-run-|analysis-failure-with-nginx/;
// Of `invalid-specs`: what needs a router; the pods counted there are the last one's.
const leftOut = ['missing-ingress', 'missing-template', 'experiment-no-duration-template'];
const isLeftOut = (path: string): boolean =>
  path === '/each says what is wrong/pods' || leftOut.some((name) => path.includes(`/${name}`));

const capabilities = { ...noCapabilities, analysis: true, experiments: true };

const scenarios = (
  await Promise.all(['canary', 'blue-green', 'analysis', 'experiment'].map((name) => load(`scenarios/${name}.mjs`)))
)
  .flatMap(({ default: list }) => list)
  .filter((scenario: any) => !scenario.router && !needsMore.test(scenario.name));

describe('The simulated world does what the reference was seen to do', () => {
  it.each(scenarios.map((scenario: any) => [scenario.name, scenario]))('%s', async (name, scenario) => {
    const want = json(`recorded/${name}.json`);
    const world = new SimulatedWorld(
      createWorld({ namespace: `parity-${name}`, capabilities, measure: webMeasure }),
      name,
      leftOut,
    ) as any;
    await scenario.play(world, 'http://metrics.invalid');
    const found = [...differences(states(want.checkpoints), states(world.checkpoints))];
    const sent = eventKinds(world.checkpoints);
    for (const kind of eventKinds(want.checkpoints))
      if (!sent.includes(kind)) found.push({ path: `/event/${kind}`, want: 'sent', got: 'not sent' });
    const unknown = found.filter(({ path }) => !isLeftOut(path) && !isKnown(scenario, path));
    expect(
      unknown.map(
        ({ path, want: reference, got }) =>
          `${path}\n  reference: ${JSON.stringify(reference)}\n  here: ${JSON.stringify(got)}`,
      ),
    ).toEqual([]);
  });
});
