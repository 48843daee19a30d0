import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import type { Tree } from '@nx/devkit';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import generateRouter from '../src/router/generator.ts';
import { root } from './workspace.ts';

const example = [
  '.prettierrc.json',
  '.prettierignore',
  'tools/images/Dockerfile',
  'charts/router-nginx/.helmignore',
  'charts/router-nginx/templates/rbac.yaml',
];

let tree: Tree;

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  tree = createTreeWithEmptyWorkspace({ layout: 'apps-libs' });
  // Formatted as here, and not by another formatter that a new workspace of Nx would have.
  tree.delete('.oxfmtrc.json');
  for (const file of example) tree.write(file, readFileSync(join(root, file), 'utf8'));
});

function textOf(file: string): string {
  return tree.read(file, 'utf-8') ?? expect.unreachable(`${file} should have been written`);
}

describe('npx nx g @sluice/plugin:router', { timeout: 240_000 }, () => {
  test('names the plugin after its organisation and the program after its folder', async () => {
    await generateRouter(tree, { name: 'edge-router', plugin: 'acme/edge' });
    expect(textOf('apps/plugins/edge-router/src/router.ts')).toMatch(/name: ['"]acme\/edge['"]/);
    expect(textOf('apps/plugins/edge-router/src/router.ts')).toContain('export function createEdgeRouter(');
    expect(JSON.parse(textOf('apps/plugins/edge-router/package.json'))).toMatchObject({
      name: '@sluice/edge-router',
      nx: { name: 'edge-router', tags: ['layer:plugin'] },
    });
    expect(textOf('charts/edge-router/values.yaml')).toContain('pluginNames: [acme/edge]');
    expect(textOf('charts/edge-router/rules/edge-router.yaml')).toContain('resources: [configmaps]');
  });

  test('takes image and chart templates over from the routers that are there', async () => {
    await generateRouter(tree, { name: 'edge' });
    expect(textOf('charts/edge/templates/rbac.yaml')).toBe(textOf('charts/router-nginx/templates/rbac.yaml'));
    expect(textOf('apps/plugins/edge/Dockerfile')).toContain('ARG SERVICE=edge\n');
    expect(textOf('charts/edge/values.yaml')).toContain('pluginNames: [my-org/edge]');
  });

  test('leaves no placeholder behind', async () => {
    await generateRouter(tree, { name: 'edge' });
    for (const { path, content } of tree.listChanges()) {
      expect(path).not.toMatch(/__|\.template$/);
      if (!example.includes(path)) expect(content?.toString(), path).not.toContain('<%');
    }
  });

  test.each(['Edge', '1edge', 'edge_router', 'edge-', 'x'.repeat(41)])('refuses the name %s', async (name) => {
    await expect(generateRouter(tree, { name })).rejects.toThrow('lower-case letters, digits and dashes');
  });

  test.each(['edge', 'a/b/c', 'acme/'])('refuses the plugin name %s', async (plugin) => {
    await expect(generateRouter(tree, { name: 'edge', plugin })).rejects.toThrow('ORG/NAME');
  });

  test('touches nothing where the name is taken', async () => {
    tree.write('apps/plugins/edge/package.json', '{}');
    const before = tree.listChanges().length;
    await expect(generateRouter(tree, { name: 'edge' })).rejects.toThrow('apps/plugins/edge is there already');
    expect(tree.listChanges()).toHaveLength(before);
  });
});
