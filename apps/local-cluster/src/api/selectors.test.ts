import { describe, expect, it } from 'vitest';
import { createRegistry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { KubeObject } from '../storage/store.ts';
import { selection, selectorMatches, selectorText } from './selectors.ts';

const pods = createRegistry().byKey('', 'pods') as ResourceInfo;
const pod = (labels?: Record<string, string>, more: object = {}): KubeObject =>
  ({ metadata: { name: 'a', namespace: 'n', labels }, ...more }) as KubeObject;
const selects = (text: string, labels?: Record<string, string>): boolean =>
  selection(pods, text, undefined)?.(pod(labels)) ?? true;

describe('a label selector', () => {
  it.each([
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a!=b', {}, true],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['a in (b, c),d notin (e)', { a: 'c' }, true],
    ['a in (b,c), d notin (e)', { a: 'c', d: 'e' }, false],
    ['a=', { a: '' }, true],
    ['n>3', { n: '4' }, true],
    ['n<3', { n: '4' }, false],
    ['example.com/x.y_z=1', { 'example.com/x.y_z': '1' }, true],
    ['', {}, true],
  ] as const)('%s of %j: %s', (text, labels, expected) => expect(selects(text, labels)).toBe(expected));

  it.each(['a in b', 'a=b c', '=', 'a in (b', 'a>x'])('%s is refused', (text) =>
    expect(() => selects(text, {})).toThrow('unable to parse requirement'),
  );

  it('as an object', () => {
    const selector = {
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'In', values: ['e', 'd'] },
        { key: 'f', operator: 'DoesNotExist' },
      ],
    };
    expect(selectorMatches(selector, { a: 'b', c: 'd' })).toBe(true);
    expect(selectorMatches(selector, { a: 'b', c: 'd', f: '' })).toBe(false);
    expect(selectorMatches({}, {})).toBe(true);
    expect(selectorMatches(undefined, {})).toBe(false);
    expect(selectorText(selector)).toBe('!f,a=b,c in (d,e)');
  });
});

describe('a field selector', () => {
  const chosen = (text: string, object: KubeObject): boolean => selection(pods, undefined, text)?.(object) ?? true;

  it('knows names everywhere and a few fields of some kinds', () => {
    const running = pod({}, { spec: { nodeName: 'n1' }, status: { phase: 'Running' } });
    expect(chosen('metadata.name=a,metadata.namespace=n', running)).toBe(true);
    expect(chosen('status.phase=Running,spec.nodeName!=n2', running)).toBe(true);
    expect(chosen('status.phase!=Running', running)).toBe(false);
    expect(() => chosen('spec.colour=red', running)).toThrow('field label not supported: spec.colour');
  });
});
