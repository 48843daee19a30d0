import { join } from 'node:path';
import { formatFiles } from '@nx/devkit';
import type { Tree } from '@nx/devkit';
import { writePlugin } from '../plugin-files.ts';
import type { PluginOptions } from '../plugin-files.ts';

/** Writes a step plugin that works and passes the conformance suite, to be made into another. Throws an Error that says what to choose otherwise. */
export default async function generateStep(tree: Tree, options: PluginOptions) {
  const { name } = options;
  writePlugin(tree, options, {
    type: 'step',
    files: join(import.meta.dirname, 'files'),
    finder: 'rollout-controller',
    noun: 'step',
    notes: '{{ .Chart.Name }} does steps of canaries that name {{ join " or " .Values.pluginNames }}.',
  });
  await formatFiles(tree);
  return () => {
    console.log(
      `\nNow: npm install, then npx nx test ${name}. Your logic is in apps/plugins/${name}/src/step.ts and tickets.ts.`,
    );
  };
}
