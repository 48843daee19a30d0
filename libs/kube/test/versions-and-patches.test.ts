import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compareResourceVersions, createWrittenVersions, keyOf, mergeDiff, parseKey, sameJson } from '../src/index.ts';
import type { KubeObject } from '../src/index.ts';

describe('resourceVersions', () => {
  it('are ordered by length, then text, beyond what numbers can tell apart', () => {
    expect(compareResourceVersions('9', '10')).toBeLessThan(0);
    expect(compareResourceVersions('18446744073709551614', '18446744073709551615')).toBeLessThan(0);
    expect(compareResourceVersions('7', '7')).toBe(0);
    expect(compareResourceVersions(undefined, '1')).toBeLessThan(0);
  });

  it('are ordered as the numbers are that they stand for', () => {
    const version = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(
        version,
        version,
        (a, b) => Math.sign(compareResourceVersions(String(a), String(b))) === (a < b ? -1 : a > b ? 1 : 0),
      ),
    );
  });
});

describe('keys', () => {
  it('are namespace/name, or the name alone', () => {
    expect(keyOf({ namespace: 'a', name: 'b' })).toBe('a/b');
    expect(keyOf({ name: 'b' })).toBe('b');
    expect(parseKey('a/b')).toEqual({ namespace: 'a', name: 'b' });
    expect(parseKey('b')).toEqual({ name: 'b' });
  });
});

describe('the difference of two objects', () => {
  it('is undefined when there is none, whatever the order of fields and however absence is written', () => {
    expect(
      mergeDiff({ a: 1, b: { c: [1, { d: null }] } }, { b: { c: [1, {}], x: undefined }, a: 1, gone: null }),
    ).toBeUndefined();
    expect(mergeDiff(undefined, {})).toBeUndefined();
  });

  it('holds changed fields only, null for those that go, and whole lists', () => {
    const from = {
      status: {
        phase: 'Paused',
        message: 'x',
        conditions: [{ type: 'A' }],
        canary: { weights: { canary: 10 }, hash: 'h' },
      },
    };
    const to = {
      status: {
        phase: 'Healthy',
        conditions: [{ type: 'A' }, { type: 'B' }],
        canary: { weights: undefined, hash: 'h' },
      },
    };
    expect(mergeDiff(from, to)).toEqual({
      status: {
        phase: 'Healthy',
        message: null,
        conditions: [{ type: 'A' }, { type: 'B' }],
        canary: { weights: null },
      },
    });
  });

  it('survives JSON: nothing in it is undefined where a field must go', () => {
    const patch = mergeDiff({ pauseConditions: [{}], abort: true }, { pauseConditions: undefined, abort: false });
    expect(JSON.parse(JSON.stringify(patch))).toEqual({ pauseConditions: null, abort: false });
  });

  it('replaces what changes its shape', () => {
    expect(mergeDiff({ a: { b: 1 } }, { a: [1] })).toEqual({ a: [1] });
    expect(mergeDiff({ a: [1] }, { a: { b: 1 } })).toEqual({ a: { b: 1 } });
    expect(mergeDiff({ a: 'x' }, { a: {} })).toEqual({ a: {} });
    expect(mergeDiff({ a: { b: 1 } }, { a: {} })).toEqual({ a: { b: null } });
  });

  it('applied to the first as RFC 7386 says gives the second', () => {
    const { value } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.integer(),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.array(fc.integer(), { maxLength: 2 }),
      ),
      value: fc.oneof(
        { maxDepth: 3 },
        tie('leaf'),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
      ),
    }));
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 });
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = mergeDiff(from, to);
        const result = patch === undefined ? from : applyMergePatch(from, patch);
        expect(sameJson(result, to)).toBe(true);
        expect(patch === undefined).toBe(sameJson(from, to));
      }),
    );
  });
});

/** RFC 7386, section 2. */
function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base =
    typeof target === 'object' && target !== null && !Array.isArray(target)
      ? { ...(target as Record<string, unknown>) }
      : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete base[key];
    else base[key] = applyMergePatch(base[key], value);
  }
  return base;
}

describe('reading our own writes', () => {
  afterEach(() => void vi.useRealTimers());
  const object = (resourceVersion: string, uid = 'u'): KubeObject => ({
    kind: 'ReplicaSet',
    metadata: { namespace: 'a', name: 'rs', uid, resourceVersion },
  });

  function cache() {
    let cached: KubeObject | undefined;
    return {
      show: (next: KubeObject | undefined) => void (cached = next),
      informer: {
        get: () => cached,
        hasSeen: (_key: unknown, version: string) =>
          compareResourceVersions(cached?.metadata.resourceVersion, version) >= 0,
      },
    };
  }

  it('holds a key back until the cache has the written version', () => {
    const written = createWrittenVersions();
    const { informer, show } = cache();
    show(object('9'));
    written.wrote('a/web', informer, object('10'));
    expect(written.isBehind('a/web')).toBe(true);
    expect(written.isBehind('a/other')).toBe(false);
    show(object('10'));
    expect(written.isBehind('a/web')).toBe(false);
    expect(written.size).toBe(0);
  });

  it('counts only the last of several writes of an object', () => {
    const written = createWrittenVersions();
    const { informer, show } = cache();
    written.wrote('a/web', informer, object('10'));
    written.wrote('a/web', informer, object('12'));
    show(object('11'));
    expect(written.isBehind('a/web')).toBe(true);
    show(object('12'));
    expect(written.isBehind('a/web')).toBe(false);
  });

  it('holds a key back until the cache has lost what was deleted, or has its successor', () => {
    const written = createWrittenVersions();
    const { informer, show } = cache();
    show(object('10'));
    written.removed('a/web', informer, object('10'));
    expect(written.isBehind('a/web')).toBe(true);
    show(object('12', 'other'));
    expect(written.isBehind('a/web')).toBe(false);
  });

  it('lets go after a while, so that a restored server cannot hold a rollout for ever', () => {
    vi.useFakeTimers();
    const written = createWrittenVersions({ expireMs: 1_000 });
    written.wrote('a/web', cache().informer, object('10'));
    vi.advanceTimersByTime(999);
    expect(written.isBehind('a/web')).toBe(true);
    vi.advanceTimersByTime(1);
    expect(written.isBehind('a/web')).toBe(false);
  });
});
