import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './run.ts';

const CANARY = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  selector:
    matchLabels: { app: shop }
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      steps:
        - setWeight: 20
        - pause: { duration: 1h }
      trafficRouting:
        nginx: { stableIngress: shop }
  template:
    metadata:
      labels: { app: shop }
    spec:
      containers: [{ name: shop, image: "shop:1" }]
`;
const service = (name: string, app: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { selector: { app: ${app} } }\n`;
const ingress = (backend: string, version = 'v1') => `apiVersion: networking.k8s.io/${version}
kind: Ingress
metadata: { name: shop }
spec: { rules: [{ http: { paths: [{ path: /, backend: ${backend} }] } }] }
`;

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'sluice-lint-'))));
afterEach(() => rmSync(directory, { recursive: true }));

function lint(...documents: string[]) {
  const file = join(directory, 'manifests.yaml');
  writeFileSync(file, documents.join('---\n'));
  return run(undefined, ['lint', '-f', file]);
}

describe('lint', () => {
  it('says nothing about a clean file, and needs no cluster', async () => {
    const clean = [
      CANARY,
      service('shop-canary', 'shop'),
      service('shop-stable', 'shop'),
      ingress('{ service: { name: shop-stable } }'),
    ];
    expect(await lint(...clean)).toEqual({ status: 0, out: '', err: '' });
    expect(await lint(CANARY)).toEqual({ status: 0, out: '', err: '' });
  });
  it('ignores other kinds and empty documents', async () => {
    expect(
      await lint('', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\nnonsense: true\n', '# only a comment\n'),
    ).toEqual({ status: 0, out: '', err: '' });
  });
  it('prints the error of every Rollout and fails with the first', async () => {
    const result = await lint(
      CANARY.replace('setWeight: 20', 'setWeight: 120'),
      CANARY.replace('{ app: shop }\n  strategy', '{ app: cart }\n  strategy'),
    );
    expect(result.status).toBe(1);
    const [first, second, ...rest] = result.out.split('\n');
    expect(first).toMatch(/^spec\.strategy\.steps\[0\]\.setWeight: Invalid value: 120: /);
    expect(second).toMatch(/^spec\.template\.metadata\.labels: Invalid value: .*does not match template `labels`$/);
    expect(rest).toEqual(['']);
    expect(result.err).toBe(`Error: ${first}\n`);
  });
  it('checks the selector of a Service in the same file', async () => {
    const result = await lint(CANARY, service('shop-canary', 'cart'));
    expect(result.out).toMatch(
      /^spec\.strategy\.canary\.canaryService: Invalid value: "shop-canary": .*unmatch label "app"/,
    );
  });
  it.each([
    ['v1', '{ service: { name: other } }', 1],
    ['v1beta1', '{ serviceName: other }', 1],
    ['v1beta1', '{ serviceName: shop-stable }', 0],
  ])(
    'checks that an Ingress (%s) in the same file leads to the stable Service: %s',
    async (version, backend, status) => {
      const result = await lint(CANARY, ingress(backend, version));
      expect(result.status).toBe(status);
      if (status === 1) expect(result.out).toContain('has no rules using service shop-stable backend');
    },
  );
  it.each([
    [
      'an unknown field',
      CANARY.replace('setWeight', 'setweight'),
      'manifests.yaml:1: unknown field "spec.strategy.canary.steps[0].setweight"',
    ],
    ['a duplicate field', CANARY.replace('  name: shop\n', '  name: shop\n  name: cart\n'), 'Map keys must be unique'],
    [
      'a wrong type',
      CANARY.replace('- setWeight: 20', '- setWeight: a lot'),
      'spec.strategy.canary.steps[0].setWeight: expected a whole number, got "a lot"',
    ],
    ['what is not YAML', 'a: [', 'manifests.yaml: '],
  ])('stops at %s', async (_name, document, message) => {
    const result = await lint(document);
    expect(result).toMatchObject({ status: 1, out: '' });
    expect(result.err).toContain(message);
    expect(result.err.trimEnd().split('\n')).toHaveLength(1);
  });
  it('asks for a file', async () => {
    expect((await run(undefined, 'lint')).err).toContain(
      'Error: name the files or folders to check: sluice lint FILE...',
    );
  });
});
