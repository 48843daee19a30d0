import { describe, expect, test } from 'vitest';
import { KubeError } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { changeObject, createRewrites, heldDetail, writerSince } from '../src/index.ts';
import type { ChangeOutcome, WriteContext } from '../src/index.ts';

const ref: ResourceRef = { group: 'x', version: 'v1', plural: 'routes', kind: 'Route', namespaced: true };
const key = { namespace: 'shop', name: 'web' };

/** A server with one object. `weight` is what routers set, `theirs` is somebody else's. */
class OneObject {
  version = 1;
  spec: Record<string, unknown> = { weight: 0, theirs: 'a' };
  writers: { manager: string; time: string }[] = [];
  readonly patches: unknown[] = [];
  /** Runs when a write has arrived and before it is carried out. */
  beforeWrite: (() => void) | undefined;

  readonly client = {
    get: async () => this.read(),
    patch: async (
      _ref: unknown,
      _key: unknown,
      _type: unknown,
      body: readonly { path: string; value: unknown }[],
      options: { resourceVersion?: string },
    ) => {
      this.patches.push(body);
      this.beforeWrite?.();
      if (options.resourceVersion !== String(this.version))
        throw new KubeError({ code: 'Conflict', message: 'PATCH routes/web: the object has been modified' });
      for (const { path, value } of body) this.write('router', { [path.replace('/spec/', '')]: value });
      return this.read();
    },
  } as unknown as KubeClient;

  read(): RawObject {
    const metadata = { ...key, resourceVersion: String(this.version), managedFields: this.writers };
    return { metadata, spec: { ...this.spec } } as RawObject;
  }

  write(manager: string, change: Record<string, unknown>): void {
    this.version++;
    this.spec = { ...this.spec, ...change };
    const time = new Date(this.version * 1000).toISOString();
    this.writers = [...this.writers.filter((writer) => writer.manager !== manager), { manager, time }];
  }
}

function contextOf(object: OneObject, rewrites = createRewrites()): WriteContext {
  return { client: object.client, own: 'router', rewrites, rolloutUid: 'uid', signal: new AbortController().signal };
}

const weightOf =
  (weight: number) =>
  (live: RawObject): RawObject => ({ ...live, spec: { ...live['spec'], weight } });
const setWeight = (context: WriteContext, weight: number): Promise<ChangeOutcome> =>
  changeObject(context, { ref, key, change: weightOf(weight) });

describe('an object is changed', () => {
  test('by a patch of only what differs', async () => {
    const object = new OneObject();
    expect(await setWeight(contextOf(object), 20)).toMatchObject({
      wrote: true,
      held: false,
      after: { spec: { weight: 20, theirs: 'a' } },
    });
    expect(object.patches).toEqual([[{ op: 'replace', path: '/spec/weight', value: 20 }]]);
  });

  test('not at all when it is as it should be', async () => {
    const object = new OneObject();
    expect(await setWeight(contextOf(object), 0)).toMatchObject({ wrote: false, held: false });
    expect(object.patches).toEqual([]);
  });

  test('after being read again when somebody else was first, whose change stays', async () => {
    const object = new OneObject();
    object.beforeWrite = () => {
      object.beforeWrite = undefined;
      object.write('kubectl', { theirs: 'b' });
    };
    expect((await setWeight(contextOf(object), 20)).after['spec']).toEqual({ weight: 20, theirs: 'b' });
    expect(object.patches).toHaveLength(2);
  });

  test('five times at most; then the other writer is named', async () => {
    const object = new OneObject();
    object.beforeWrite = () => object.write('argocd-controller', { theirs: String(object.version) });
    await expect(setWeight(contextOf(object), 20)).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('"argocd-controller"'),
    });
    expect(object.patches).toHaveLength(5);
  });
});

describe('somebody who undoes what is written', () => {
  async function fight(object: OneObject, rounds: number, now: () => number): Promise<readonly ChangeOutcome[]> {
    const context = contextOf(object, createRewrites({ now }));
    const outcomes: ChangeOutcome[] = [];
    for (let round = 0; round < rounds; round++) {
      outcomes.push(await setWeight(context, 20));
      object.write('argocd-controller', { weight: 0 });
    }
    return outcomes;
  }

  test('is met by five rewrites at once, then by one a minute, and is named', async () => {
    const object = new OneObject();
    let now = 0;
    const outcomes = await fight(object, 8, () => (now += 1_000));
    expect(outcomes.map(({ wrote }) => wrote)).toEqual([true, true, true, true, true, true, false, false]);
    expect(outcomes.map(({ undoneBy }) => undoneBy)).toEqual([
      undefined,
      ...Array<string>(7).fill('argocd-controller'),
    ]);
    expect(heldDetail(outcomes.slice(-1).map((outcome) => ({ ...outcome, name: 'Route shop/web' })))).toBe(
      'Route shop/web: "argocd-controller" keeps changing back what this router writes; it is rewritten once a minute until that stops',
    );
  });

  test('does not hold up a new wish', async () => {
    const object = new OneObject();
    const context = contextOf(object, createRewrites({ atOnce: 0, now: () => 0 }));
    await setWeight(context, 20);
    object.write('argocd-controller', { weight: 0 });
    expect((await setWeight(context, 20)).held).toBe(true);
    expect((await setWeight(context, 40)).wrote).toBe(true);
  });

  test('is known also when nothing is to be written', async () => {
    const object = new OneObject();
    const context = contextOf(object);
    const who = (): string | undefined => writerSince(context, { ref, key }, object.read());
    object.write('kubectl', { theirs: 'b' });
    expect(who()).toBeUndefined();
    await setWeight(context, 20);
    expect(who()).toBeUndefined();
    object.write('argocd-controller', { weight: 0 });
    expect(who()).toBe('argocd-controller');
  });
});
