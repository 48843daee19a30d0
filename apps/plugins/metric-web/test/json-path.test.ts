import { describe, expect, test } from 'vitest';
import { JsonPathError, compileJsonPath } from '../src/json-path/index.ts';

// The example of https://kubernetes.io/docs/reference/kubectl/jsonpath/, with numbers beside it.
const list = {
  kind: 'List',
  items: [
    {
      kind: 'None',
      metadata: { name: '127.0.0.1', labels: { 'kubernetes.io/hostname': '127.0.0.1' } },
      status: { capacity: { cpu: '4' }, addresses: [{ type: 'LegacyHostIP', address: '127.0.0.1' }] },
    },
    {
      kind: 'None',
      metadata: { name: '127.0.0.2' },
      status: {
        capacity: { cpu: '8' },
        addresses: [
          { type: 'LegacyHostIP', address: '127.0.0.2' },
          { type: 'another', address: '127.0.0.3' },
        ],
      },
    },
  ],
  users: [
    { name: 'myself', user: {} },
    { name: 'e2e', user: { username: 'admin', password: 'secret' } },
  ],
  numbers: [1, 2.5, 3, 4],
  nothing: null,
  empty: [],
};
const first = (template: string, root: unknown = list): unknown => compileJsonPath(template).first(root)?.value;

describe('the first value of the first expression that selects any', () => {
  test.each<[string, unknown]>([
    ['{$}', list],
    ['{@}', list],
    ['{.}', list],
    ['{}', list],
    ['{.kind}', 'List'],
    ['{$.kind}', 'List'],
    ["{['kind']}", 'List'],
    ['{["kind"]}', 'List'],
    ["{.['kind']}", 'List'],
    ['{ .kind }', 'List'],
    ['{.items[0].metadata.name}', '127.0.0.1'],
    ['{.items[-1].metadata.name}', '127.0.0.2'],
    ['{.items[0].metadata.labels.kubernetes\\.io/hostname}', '127.0.0.1'],
    ["{.items[0].metadata.labels['kubernetes\\.io/hostname']}", '127.0.0.1'],
    ["{.items[*]['metadata.name', 'status.capacity']}", '127.0.0.1'],
    ["{.items[1]['status.capacity.cpu']}", '8'],
    ['{.items[*].metadata.name}', '127.0.0.1'],
    ['{..name}', '127.0.0.1'],
    ['{.users..password}', 'secret'],
    ['{.items[1]..addresses[1].address}', '127.0.0.3'],
    ['{.users[?(@.name=="e2e")].user.password}', 'secret'],
    ["{.users[?(@.name == 'e2e')].user.username}", 'admin'],
    ['{.users[?(@.name!="myself")].name}', 'e2e'],
    ['{.users[?(@.user.password)].name}', 'e2e'],
    ['{.numbers}', list.numbers],
    ['{.numbers[*]}', 1],
    ['{.numbers[1:3]}', 2.5],
    ['{.numbers[-2:]}', 3],
    ['{.numbers[:2]}', 1],
    ['{.numbers[1:4:2]}', 2.5],
    ['{.numbers[2,0]}', 3],
    ['{.numbers[?(@ > 2)]}', 2.5],
    ['{.numbers[?(@ >= 3.0)]}', 3],
    ['{.numbers[?(@ < -1)]}{.kind}', 'List'],
    ['{.items[?(@.status.capacity.cpu == "8")].metadata.name}', '127.0.0.2'],
    ['{range .users[*]}{.name}{end}', 'myself'],
    ['{range .users[?(@.name=="e2e")]}{.user.password} {end}', 'secret'],
    ['{range .items[*]}{range .status.addresses[*]}{.type}{end}{end}', 'LegacyHostIP'],
    ['{.empty[*]}{"none"}', 'none'],
    ['{.nothing}', null],
    ['{.users[*].user}', {}],
    ['text {.kind}', 'text '],
    ['$.kind', '$.kind'],
    ['{"a\\"b\\n"}', 'a"b\n'],
    ['{5}', 5],
    ['{-1.5e3}', -1500],
    ['{true}', true],
  ])('%s', (template, value) => expect(first(template)).toEqual(value));

  test('nothing at all', () => {
    for (const template of [
      '{.empty[*]}',
      '{.numbers[?(@ > 100)]}',
      '{range .empty[*]}{.x}{end}',
      '{.numbers[1:1]}',
      '',
    ])
      expect(compileJsonPath(template).first(list), template).toBeUndefined();
  });
});

test.each([
  ['{.nothing.here}', 'here is not found'],
  ['{.nope}', 'nope is not found'],
  ["{['__proto__']}", '__proto__ is not found'],
  ['{.constructor}', 'constructor is not found'],
  ['{.kind.length}', 'length is not found'],
  ['{.kind}{.nope}', 'nope is not found'],
  ['{.numbers[4]}', 'array index out of bounds: index 4, length 4'],
  ['{.numbers[-5]}', 'array index out of bounds: index -1, length 4'],
  ['{.numbers[0:9]}', 'array index out of bounds: index 8, length 4'],
  ['{.numbers[3:1]}', 'starting index 3 is greater than ending index 1'],
  ['{.numbers[0:2:0]}', 'step must be > 0'],
  ['{.kind[0]}', '"List" is not array or slice'],
  ['{.items[0].metadata[?(@.name)]}', 'an object is not array or slice'],
  ['{.numbers[?(@ == "1")]}', 'incompatible types for comparison'],
  ['{.users[?(@.user.username == "x")]}', 'username is not found'],
  ['{..addresses[1].address}', 'array index out of bounds: index 1, length 1'],
])('a path that leads nowhere is an error: %s', (template, message) => {
  expect(() => first(template)).toThrow(new JsonPathError(message));
});

test.each([
  '{.a',
  '{.a]}',
  '{.a[}',
  '{.a[0}',
  '{.a[x]}',
  "{.a['b}",
  '{.a[?(@.b]}',
  '{range .a}{.b}',
  '{.a}{end}',
  '{a}',
  '{.a..}',
  '{.a[99999999999999999999]}',
  "{['a$b']}",
])('what cannot be read is refused: %s', (template) => {
  expect(() => compileJsonPath(template)).toThrow(JsonPathError);
});

test('a key in quotes may hold what is escaped', () => {
  expect(first("{['a\\$b\\.c']}", { 'a$b.c': 1 })).toBe(1);
});

test('no answer and no path take for ever', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 5_000; depth++) deep = [deep];
  expect(first('{..*}', deep)).toBeDefined();
  expect(() => first('{..*..*..*}', deep)).toThrow('looks at more than');
  expect(() => first('{range ..*}{range ..*}{range ..*}{.}{end}{end}{end}', deep)).toThrow('looks at more than');
});
