import type { RawObject } from '@sluice/kube';
import { isKubeError, resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from '../live-world.ts';
import { brokenManifests } from './broken-manifests.ts';
import type { BrokenManifest } from './broken-manifests.ts';

const timeout = 240_000;
let world: LiveWorld;
const refusals = new Map<string, string>();
const good = ['good-canary', 'good-blue-green', 'good-stepless'];

beforeAll(async () => {
  world = await LiveWorld.open();
  // Two workers: one broken Rollout that kept one busy would be felt.
  await world.startController({ workers: 2, deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const nameOf = (broken: BrokenManifest): string => broken.change.name ?? `bad-${brokenManifests.indexOf(broken)}`;
const answered = (answer: BrokenManifest['answer']): (readonly [string, BrokenManifest])[] =>
  brokenManifests.filter((broken) => broken.answer === answer).map((broken) => [broken.what, broken]);

function manifestOf(broken: BrokenManifest): RawObject {
  const { change } = broken;
  const name = nameOf(broken);
  const rollout = liveRollout(name, { canary: {} }, { replicas: 1, ...change.spec });
  const spec = 'wholeSpec' in change ? { spec: change.wholeSpec } : {};
  const object = { ...rollout, metadata: { ...rollout.metadata, ...change.metadata }, ...spec };
  return JSON.parse(JSON.stringify(object).replaceAll('NAME', name)) as RawObject;
}

async function applyBroken(broken: BrokenManifest): Promise<void> {
  const name = nameOf(broken);
  // A name with dots is none for a Service.
  if (broken.change.name === undefined) await world.apply(...liveServices(name, 'a', 'b'));
  try {
    await world.apply(manifestOf(broken));
  } catch (error) {
    if (!isKubeError(error)) throw error;
    refusals.set(broken.what, error.serverMessage ?? error.message);
  }
}

async function applyGood(): Promise<void> {
  await world.apply(...liveServices('good-blue-green', 'active', 'preview'), ...liveServices('elsewhere', 'x'));
  await world.apply({ ...liveServices('elsewhere', 'x')[0]!, metadata: { name: 'elsewhere' } });
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } };
  await world.apply({ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'without-selector' }, template });
  const blueGreen = {
    activeService: 'good-blue-green-active',
    previewService: 'good-blue-green-preview',
    scaleDownDelaySeconds: 1,
  };
  await world.apply(
    liveRollout('good-canary', { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } }),
    liveRollout('good-blue-green', { blueGreen }),
    liveRollout('good-stepless', { canary: {} }),
  );
  for (const name of good) await world.healthy(name);
}

describe(`${brokenManifests.length} broken manifests`, { timeout }, () => {
  it('do not keep three good Rollouts from updating at the same time', async () => {
    await applyGood();
    for (const name of good) await world.setImage(name, 'shop:2');
    await Promise.all(brokenManifests.map(applyBroken));
    for (const name of good) await world.setImage(name, 'shop:3');
    for (const name of good) {
      await world.healthy(name);
      await world.until(`${name}: only its newest version`, async () => (await world.sizes(name)) === 'shop:3×2');
    }
    // All that is broken comes to rest as well: nothing is written again and again.
    await world.settled();
  });

  it.each(answered('refused'))('with %s is refused by the API server', (what, { says }) =>
    expect(refusals.get(what)).toContain(says),
  );

  it.each(answered('invalid'))('with %s is InvalidSpec and gets no pods', async (_what, broken) => {
    const name = nameOf(broken);
    expect(refusals.get(broken.what)).toBeUndefined();
    const { status, metadata } = await world.rollout(name);
    expect(status?.message).toContain(broken.says);
    expect(status?.message?.startsWith(`InvalidSpec: The Rollout "${name}" is invalid: `)).toBe(true);
    expect(status).toMatchObject({ phase: 'Degraded', observedGeneration: String(metadata.generation) });
    expect(status?.conditions?.map(({ type, reason }) => `${type}/${reason}`)).toContain('InvalidSpec/InvalidSpec');
    expect(await world.replicaSets(name)).toEqual([]);
  });

  it.each(answered('heals'))('with %s become Healthy all the same, and are updated', async (what, broken) => {
    const name = nameOf(broken);
    expect(refusals.get(what)).toBeUndefined();
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.status(
      name,
      'the new version',
      ({ phase, updatedReplicas }) => phase !== 'Progressing' && updatedReplicas === 1,
    );
    expect((await world.rollout(name)).status?.phase).toMatch(/^(Healthy|Paused)$/);
  });

  it('are Healthy once they are mended', async () => {
    // The selector cannot be changed: those with a bad one are deleted and applied again, as kubectl replace --force does.
    const mended = brokenManifests.filter((broken) => broken.answer === 'invalid' && broken.change.name === undefined);
    await Promise.all(mended.map(mend));
    for (const broken of mended) await world.healthy(nameOf(broken));
  });
});

async function mend(broken: BrokenManifest): Promise<void> {
  const name = nameOf(broken);
  const { spec, ...rest } = liveRollout(name, { canary: {} }, { replicas: 1 });
  const stored = await world.person.get(resources.rollouts, { namespace: world.namespace, name });
  try {
    await world.person.replace(resources.rollouts, { ...stored, spec });
  } catch (error) {
    if (!isKubeError(error, 'Invalid')) throw error;
    await world.remove('Rollout', name);
    await world.apply({ ...rest, spec });
  }
}
