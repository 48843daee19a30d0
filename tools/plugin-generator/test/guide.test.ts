import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from '../src/guide.ts';
import { follow, scriptOfGuide } from './follow.ts';
import { copyWorkspace, root } from './workspace.ts';
import type { Workspace } from './workspace.ts';

let workspace: Workspace;

beforeAll(() => {
  workspace = copyWorkspace();
}, 120_000);
afterAll(() => workspace.remove());

describe('in a clean folder', () => {
  test.each([
    {
      guide: 'write-a-traffic-router',
      ports: { grpc: '18091', http: '18090' },
      passed: ['P4', 'P5', 'P6'],
      called: 'Describe',
    },
    {
      guide: 'write-a-metric-provider',
      ports: { grpc: '18093', http: '18092' },
      passed: ['P4', 'P5', 'P6', 'M1', 'M4'],
      called: 'Start',
    },
  ])(
    'the guide $guide works word for word, up to a program that anybody can ask',
    { timeout: 600_000 },
    async ({ guide, ports, passed, called }) => {
      const page = readFileSync(join(root, 'docs/guides', `${guide}.md`), 'utf8');
      const { code, output } = await follow(workspace, await scriptOfGuide(page, ports));
      expect(code, output).toBe(0);
      const summaries = output.match(/Tests +\d+ passed[^\n]*/g) ?? [];
      expect(summaries, output).toHaveLength(2);
      for (const rule of passed) expect(output).toMatch(new RegExp(`^passed +${rule} `, 'm'));
      expect(output).toContain('0 failed,');
      expect(output).toContain(`sluice_plugin_served_calls_total{method="${called}",code="OK"}`);
    },
  );

  test('a step that is generated works', { timeout: 600_000 }, async () => {
    const { code, output } = await follow(
      workspace,
      `set -e
       export PATH="$PWD/node_modules/.bin:$PATH"
       npx nx g @sluice/plugin:step my-step --plugin my-org/my-step
       npm test --silent --prefix apps/plugins/my-step`,
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(/Tests +\d+ passed/);
  });

  test('all that was written is formatted, linted and typed as the rest', { timeout: 600_000 }, async () => {
    const { code, output } = await follow(
      workspace,
      `set -e
       export PATH="$PWD/node_modules/.bin:$PATH"
       prettier --check {apps/plugins,charts}/my-{router,metric,step}
       nx show projects > /dev/null
       eslint --max-warnings 0 apps/plugins/my-{router,metric,step}
       tsc -p tsconfig.json | grep -E 'my-(router|metric|step)' && exit 1 || true`,
    );
    expect(code, output).toBe(0);
  });
});

test('only commands and files of a page are followed', () => {
  const page =
    '```sh\nls\n```\n\n```yaml\na: 1\n```\n\n```ts file=a/b.ts\nexport {};\n```\n\n```console\nrm -r /\n```\n';
  expect(stepsOf(page)).toEqual([
    { kind: 'commands', text: 'ls\n' },
    { kind: 'file', path: 'a/b.ts', text: 'export {};\n' },
  ]);
});
