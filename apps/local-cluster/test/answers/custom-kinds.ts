// Requests about a custom resource with a bit of everything (foos.crd.yaml). In order: later ones find what earlier ones made.
import type { Asked } from './requests.ts';
import { del, foos, get, json, NS, patch, post, put } from './requests.ts';

let count = 0;
const foo = (to: string, rest: object, query = '', more: Partial<Asked> = {}): Asked =>
  post(
    to,
    `${foos}${query}`,
    { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: `f${++count}` }, ...rest },
    more,
  );
const mode = (to: string, spec: object, query = ''): Asked => foo(to, { spec: { mode: 'A', ...spec } }, query);

const custom: Asked[] = [
  mode('fill in defaults', {}),
  foo('miss a required field', { foo: 1 }),
  foo('miss a required field deeper', { spec: {} }),
  foo('use another value than the enum has', { spec: { mode: 'C', replicas: 'x' } }),
  mode('go below the minimum', { replicas: -1 }),
  mode('go above the maximum', { replicas: 11 }),
  mode('use a fraction for an integer', { replicas: 1.5 }),
  mode('use no multiple', { num: 0.7 }),
  mode('be too short', { name: 'a' }),
  mode('be too long', { name: 'abcde' }),
  mode('miss a pattern', { name: 'AB' }),
  mode('miss formats', { when: 'xx', dur: 'zz' }),
  mode('use neither integer nor string', { ios: true }),
  mode('use a fraction for an integer or string', { ios: 1.5 }),
  mode('miss the pattern of an integer or string', { iosp: 'x', ios: 'x' }),
  mode('use nulls', { nul: null, name: null, flag: null }),
  mode('have too few items', { list: [] }),
  mode('have too many items', { list: [{ name: 'a' }, { name: 'a' }, { v: 1 }] }),
  mode('have two items of one key', { list: [{ name: 'a' }, { name: 'a', z: 1 }] }),
  mode('have wrong items', { list: [{ v: 'x', name: 'q' }, { v: 1 }] }),
  mode('have an item of a set twice', { set: ['a', 'a'] }),
  mode('have too few properties', { map: {} }),
  mode('have too many properties', { map: { a: 1, b: 2, c: 'x' } }),
  mode('have a wrong property among unknown ones', { any: { z: [1, null] }, obj: { k: 'x', q: 1 } }),
  mode('preserve unknown fields', { any: { z: [1, null] }, obj: { k: 1, q: 1 } }),
  mode('embed what is no resource', { emb: { a: 1 } }),
  mode('embed a resource', { emb: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', foo: 1 } } }),
  mode('match none of one', { one: {} }),
  mode('match two of one', { one: { a: '1', b: '2' } }),
  mode('match none of any', { anyof: {} }),
  mode('match what must not be', { nt: { a: 'x' } }),
  foo(
    'be strict about unknown fields of a custom resource',
    { spec: { mode: 'A', foo: 1, dflt: { z: 1 } }, bar: 2 },
    '?fieldValidation=Strict',
  ),
  foo(
    'warn about unknown fields of a custom resource',
    { spec: { mode: 'A', foo: 1, dflt: { z: 1 } }, bar: 2 },
    '?fieldValidation=Warn',
  ),
  foo('use text for an object', { spec: 'x' }),
  foo('use a number for an enum', { spec: { mode: 3 } }),
  foo('use null for a required object', { spec: null }),
  foo('set a status when making it', { spec: { mode: 'A', imm: 'x', imm2: { a: 'b' } }, status: { phase: 'x' } }),
];
const last = `${foos}/f${count}`;

const customUpdates: Asked[] = [
  patch('merge', 'change what is immutable', last, { spec: { imm: 'y' } }),
  patch('merge', 'remove what is immutable', last, { spec: { imm: null } }),
  patch('merge', 'change an immutable object', last, { spec: { imm2: { a: 'c' } } }),
  patch('merge', 'patch a wrong type', `${foos}/f1`, { spec: { replicas: 'z' } }),
  patch('merge', 'patch a default away', `${foos}/f1`, { spec: { replicas: null } }),
  patch('strategic-merge', 'merge a custom resource strategically', `${foos}/f1`, { spec: {} }),
  patch('merge', 'patch a status and more', `${foos}/f1/status`, {
    status: { phase: 'ok', zz: 1 },
    spec: { replicas: 7 },
    metadata: { labels: { a: 'b' } },
  }),
  patch('merge', 'patch a wrong status', `${foos}/f1/status`, { status: { phase: 3 } }),
  get('show the scale of a custom resource', `${foos}/f1/scale`),
  patch('merge', 'scale a custom resource', `${foos}/f1/scale`, { spec: { replicas: 4 } }),
  patch('merge', 'scale a custom resource too far', `${foos}/f1/scale`, { spec: { replicas: 44 } }),
  get('show a custom resource', `${foos}/f1`),
  get('show it in another version', `/apis/example.com/v1alpha1/namespaces/${NS}/foos/f1`),
  get('show it as a table', `${foos}/f1`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    loosely: 'ages and descriptions differ',
  }),
  post('make a custom resource without a kind', foos, { metadata: { name: 'z' } }),
  post('make a custom resource of another kind', foos, {
    apiVersion: 'example.com/v1',
    kind: 'Bar',
    metadata: { name: 'z' },
  }),
  post('make a custom resource with a bad name', foos, {
    apiVersion: 'example.com/v1',
    kind: 'Foo',
    metadata: { name: 'Z_' },
    spec: { mode: 'A' },
  }),
  post('make a custom resource without a name', foos, {
    apiVersion: 'example.com/v1',
    kind: 'Foo',
    spec: { mode: 'A' },
  }),
  put('replace a custom resource without its version', `${foos}/f1`, {
    apiVersion: 'example.com/v1',
    kind: 'Foo',
    metadata: { name: 'f1' },
    spec: { mode: 'A' },
  }),
  {
    to: 'apply a custom resource',
    method: 'PATCH',
    path: `${foos}/applied?fieldManager=m`,
    body: json({
      apiVersion: 'example.com/v1',
      kind: 'Foo',
      metadata: { name: 'applied', labels: { a: 'b', c: 'd' } },
      spec: { mode: 'A', list: [{ name: 'x' }, { name: 'y' }], set: ['p', 'q'], name: 'abc' },
    }),
    contentType: 'application/apply-patch+yaml',
  },
  {
    to: 'apply less of it',
    method: 'PATCH',
    path: `${foos}/applied?fieldManager=m`,
    body: json({
      apiVersion: 'example.com/v1',
      kind: 'Foo',
      metadata: { name: 'applied', labels: { a: 'b' } },
      spec: { mode: 'A', list: [{ name: 'y', v: 4 }], set: ['q'] },
    }),
    contentType: 'application/apply-patch+yaml',
  },
  {
    to: 'apply more of it as somebody else',
    method: 'PATCH',
    path: `${foos}/applied?fieldManager=n`,
    body: json({
      apiVersion: 'example.com/v1',
      kind: 'Foo',
      metadata: { name: 'applied', labels: { e: 'f' } },
      spec: { mode: 'A', list: [{ name: 'z' }], set: ['r'] },
    }),
    contentType: 'application/apply-patch+yaml',
  },
  del('delete a custom resource', `${foos}/f1`),
  del('delete a custom resource again', `${foos}/f1`),
];

export const customKinds: readonly Asked[] = [...custom, ...customUpdates];
