import { join } from 'node:path';
import { formatFiles } from '@nx/devkit';
import type { Tree } from '@nx/devkit';
import { writePlugin } from '../plugin-files.ts';
import type { PluginOptions } from '../plugin-files.ts';

/** Writes a metric provider that works and passes the conformance suite, to be made into another. Throws an Error that says what to choose otherwise. */
export default async function generateMetric(tree: Tree, options: PluginOptions) {
  const { name } = options;
  writePlugin(tree, options, {
    type: 'metric',
    files: join(import.meta.dirname, 'files'),
    finder: 'analysis-runner',
    noun: 'provider',
    notes: '{{ .Chart.Name }} measures for AnalysisRuns whose metrics name {{ join " or " .Values.pluginNames }}.',
  });
  await formatFiles(tree);
  return () => {
    console.log(
      `\nNow: npm install, then npx nx test ${name}. Your logic is in apps/plugins/${name}/src/provider.ts and answer.ts.`,
    );
  };
}
