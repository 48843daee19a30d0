import { describe, expect, it } from 'vitest';
import { builtinType } from '../schema/builtin-types.ts';
import type { StructType } from '../schema/builtin-types.ts';
import type { Json } from '../storage/values.ts';
import { deepFreeze } from '../storage/values.ts';
import { applyMerge } from './apply.ts';
import { mergePatch } from './merge-patch.ts';
import { structShape } from './shape.ts';
import { strategicMerge } from './strategic.ts';

const pod = builtinType('', 'Pod') as StructType;
const service = builtinType('', 'Service') as StructType;
const containers = (...list: Json[]): Json => deepFreeze({ spec: { containers: list } });

describe('a merge patch', () => {
  it('removes by null, replaces lists, and changes nothing that it was given', () => {
    const target = deepFreeze({ a: { b: 1, c: 2 }, list: [1, 2] });
    expect(mergePatch(target, { a: { b: null, d: 3 }, list: [3] })).toEqual({ a: { c: 2, d: 3 }, list: [3] });
  });
});

describe('a strategic merge patch', () => {
  const merge = (original: Json, patch: Json, type = pod): Json => strategicMerge(original, patch, type);

  it('merges keyed lists by their keys, new items first', () => {
    const merged = merge(containers({ name: 'a', image: 'x' }, { name: 'b', image: 'y' }), {
      spec: {
        containers: [
          { name: 'c', image: 'z' },
          { name: 'b', image: 'q' },
        ],
      },
    });
    expect(merged.spec.containers).toEqual([
      { name: 'c', image: 'z' },
      { name: 'a', image: 'x' },
      { name: 'b', image: 'q' },
    ]);
  });

  it('replaces lists that have no key', () => {
    expect(
      merge(containers({ name: 'a', args: ['x'] }), { spec: { containers: [{ name: 'a', args: ['y'] }] } }).spec
        .containers[0].args,
    ).toEqual(['y']);
  });

  it('deletes items, keys and primitives', () => {
    expect(
      merge(containers({ name: 'a' }, { name: 'b' }), { spec: { containers: [{ name: 'a', $patch: 'delete' }] } }).spec
        .containers,
    ).toEqual([{ name: 'b' }]);
    expect(merge({ metadata: { labels: { a: '1' } } }, { metadata: { labels: { a: null } } }).metadata.labels).toEqual(
      {},
    );
    expect(
      merge({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })
        .metadata.finalizers,
    ).toEqual(['b']);
  });

  it('replaces a map or a list when told to', () => {
    expect(
      merge({ spec: { nodeSelector: { a: '1' } } }, { spec: { nodeSelector: { $patch: 'replace', b: '2' } } }).spec
        .nodeSelector,
    ).toEqual({ b: '2' });
    expect(
      merge(containers({ name: 'a' }), { spec: { containers: [{ $patch: 'replace' }, { name: 'b' }] } }).spec
        .containers,
    ).toEqual([{ name: 'b' }]);
  });

  it('retains only the keys it is told to', () => {
    const volumes = deepFreeze({ spec: { volumes: [{ name: 'v', emptyDir: {} }] } });
    const patch = { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] } };
    expect(merge(volumes, patch).spec.volumes).toEqual([{ name: 'v', hostPath: { path: '/' } }]);
  });

  it('follows the order that it is given', () => {
    const patch = {
      spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b', image: 'q' }] },
    };
    expect(merge(containers({ name: 'a' }, { name: 'b' }), patch).spec.containers.map((c: Json) => c.name)).toEqual([
      'b',
      'a',
    ]);
  });

  it('refuses an item without its key, and a directive that it does not know', () => {
    expect(() => merge(containers({ name: 'a' }), { spec: { containers: [{ image: 'x' }] } })).toThrow(
      'does not contain declared merge key: name',
    );
    expect(() => merge({}, { spec: { $patch: 'sort' } })).toThrow('unknown patch type "sort"');
  });

  it('knows ports of a Service by their number', () => {
    const merged = merge(
      { spec: { ports: [{ port: 80, name: 'a' }] } },
      { spec: { ports: [{ port: 80, name: 'b' }] } },
      service,
    );
    expect(merged.spec.ports).toEqual([{ port: 80, name: 'b' }]);
  });
});

describe('server-side apply', () => {
  const shape = structShape(pod);
  const apply = (current: Json, next: Json, before?: Json, others: Json[] = []): Json =>
    applyMerge(deepFreeze(current), next, { before, others }, shape);

  it('keeps what others set and drops what the manager no longer applies', () => {
    const before = { metadata: { labels: { mine: '1', both: '1' } } };
    const current = { metadata: { labels: { mine: '1', both: '1', theirs: '1' } } };
    expect(apply(current, { metadata: { labels: {} } }, before, [{ metadata: { labels: { both: '1' } } }])).toEqual({
      metadata: { labels: { both: '1', theirs: '1' } },
    });
  });

  it('drops a whole field with what the manager put into it, and leaves the rest of it', () => {
    const current = { spec: { nodeSelector: { a: '1', theirs: '2' }, hostname: 'h' } };
    expect(apply(current, { spec: {} }, { spec: { nodeSelector: { a: '1' }, hostname: 'h' } })).toEqual({
      spec: { nodeSelector: { theirs: '2' } },
    });
  });

  it('merges keyed lists, ports by number and protocol', () => {
    const current = {
      spec: {
        containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80, protocol: 'TCP' }] }, { name: 'theirs' }],
      },
    };
    const next = {
      spec: {
        containers: [
          {
            name: 'a',
            image: 'y',
            ports: [
              { containerPort: 80, name: 'http' },
              { containerPort: 80, protocol: 'UDP' },
            ],
          },
        ],
      },
    };
    expect(apply(current, next).spec.containers).toEqual([
      {
        name: 'a',
        image: 'y',
        ports: [
          { containerPort: 80, protocol: 'TCP', name: 'http' },
          { containerPort: 80, protocol: 'UDP' },
        ],
      },
      { name: 'theirs' },
    ]);
  });

  it('treats a set as a set', () => {
    const result = apply(
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { finalizers: ['b', 'd'] } },
      { metadata: { finalizers: ['a', 'b'] } },
    );
    expect(result.metadata.finalizers).toEqual(['b', 'c', 'd']);
  });
});
