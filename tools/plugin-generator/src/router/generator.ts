import { join } from 'node:path';
import { formatFiles } from '@nx/devkit';
import type { Tree } from '@nx/devkit';
import { writePlugin } from '../plugin-files.ts';
import type { PluginOptions } from '../plugin-files.ts';

/** Writes a router that works and passes the conformance suite, to be made into another. Throws an Error that says what to choose otherwise. */
export default async function generateRouter(tree: Tree, options: PluginOptions) {
  const { name } = options;
  writePlugin(tree, options, {
    type: 'router',
    files: join(import.meta.dirname, 'files'),
    finder: 'rollout-controller',
    noun: 'router',
    notes: '',
  });
  await formatFiles(tree);
  return () => {
    console.log(
      `\nNow: npm install, then npx nx test ${name}. Your logic is in apps/plugins/${name}/src/router.ts and split.ts.`,
    );
  };
}
