import { generateFiles, names } from '@nx/devkit';
import type { Tree } from '@nx/devkit';

export interface PluginOptions {
  /** Folder, chart and image. */
  readonly name: string;
  /** As manifests say it: `my-org/my-plugin`. */
  readonly plugin?: string;
}

// Charts of plugins differ in their values and permissions only: a new one gets what the present ones have.
const exampleChart = 'charts/router-nginx';

/** Whose pods call a plugin, as charts/sluice names them. */
const callers = {
  router: ['sluice-rollout-controller'],
  metric: ['sluice-analysis-scheduler', 'sluice-analysis-worker'],
  step: ['sluice-rollout-controller'],
} as const;

export interface PluginKind {
  readonly type: 'router' | 'metric' | 'step';
  /** Templates of this kind's own files, by the paths that they get. */
  readonly files: string;
  /** Who finds it by the label of its Service, and how people call it. */
  readonly finder: string;
  readonly noun: string;
  /** What its chart says when it is installed. */
  readonly notes: string;
}

/** Writes a plugin: the files of its kind, a Dockerfile and chart templates as the plugins that are there have them. Throws an Error that says what to choose otherwise. */
export function writePlugin(tree: Tree, { name, plugin = `my-org/${name}` }: PluginOptions, kind: PluginKind): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw new Error(`"${name}" cannot be the name of an image and a chart: use lower-case letters, digits and dashes`);
  if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9_.-]+$/.test(plugin))
    throw new Error(`"${plugin}" is no name of a plugin: write ORG/NAME, such as my-org/${name}`);
  const [folder, chart] = [`apps/plugins/${name}`, `charts/${name}`];
  for (const taken of [folder, chart]) {
    if (tree.exists(taken)) throw new Error(`${taken} is there already: choose another name, or delete it first`);
  }
  generateFiles(tree, kind.files, '.', { name, plugin, className: names(name).className });
  tree.write(`${chart}/.helmignore`, required(tree, `${exampleChart}/.helmignore`));
  for (const file of tree.children(`${exampleChart}/templates`)) writeChartTemplate(tree, chart, file, kind);
  const dockerfile = required(tree, 'tools/images/Dockerfile').replaceAll(/^ARG SERVICE$/gm, `ARG SERVICE=${name}`);
  tree.write(
    `${folder}/Dockerfile`,
    dockerfile.replace(/^#.*\n/, `# docker build -f ${folder}/Dockerfile -t ${name} .\n`),
  );
}

function writeChartTemplate(tree: Tree, chart: string, file: string, { type, finder, noun, notes }: PluginKind): void {
  const text = required(tree, `${exampleChart}/templates/${file}`);
  if (type === 'router') return tree.write(`${chart}/templates/${file}`, text);
  // Other kinds ask no API server: no permissions, and no token that could be stolen.
  if (file === 'rbac.yaml') return;
  if (file === 'NOTES.txt') return tree.write(`${chart}/templates/${file}`, `${notes}\n`);
  const adapted = text
    .replaceAll('"router.', '"plugin.')
    .replace('[sluice-rollout-controller]', `[${callers[type].join(', ')}]`)
    .replace('sluice.dev/plugin: router', `sluice.dev/plugin: ${type}`)
    .replace(
      /^# By its label .*$/m,
      `# By its label the ${finder} finds the ${noun}, by its annotation the name that manifests use.`,
    )
    .replace(/^( +)(serviceAccountName: .*)$/m, '$1$2\n$1automountServiceAccountToken: false');
  tree.write(`${chart}/templates/${file === 'router.yaml' ? 'plugin.yaml' : file}`, adapted);
}

function required(tree: Tree, file: string): string {
  const content = tree.read(file, 'utf-8');
  if (content === null) throw new Error(`${file} is missing: run this in a clone of Sluice`);
  return content;
}
