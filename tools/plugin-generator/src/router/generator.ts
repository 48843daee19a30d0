import { join } from 'node:path';
import { formatFiles, generateFiles, names } from '@nx/devkit';
import type { Tree } from '@nx/devkit';

export interface RouterOptions {
  /** Folder, chart and image. */
  readonly name: string;
  /** As manifests say it: `my-org/my-router`. */
  readonly plugin?: string;
}

// Charts of routers differ in their values and permissions only: a new one gets what the present ones have.
const exampleChart = 'charts/router-nginx';

/** Writes a router that works and passes the conformance suite, to be made into another. Throws an Error that says what to choose otherwise. */
export default async function generateRouter(tree: Tree, { name, plugin = `my-org/${name}` }: RouterOptions) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw new Error(`"${name}" cannot be the name of an image and a chart: use lower-case letters, digits and dashes`);
  if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9_.-]+$/.test(plugin))
    throw new Error(`"${plugin}" is no name of a plugin: write ORG/NAME, such as my-org/${name}`);
  const [folder, chart] = [`apps/plugins/${name}`, `charts/${name}`];
  for (const taken of [folder, chart]) {
    if (tree.exists(taken)) throw new Error(`${taken} is there already: choose another name, or delete it first`);
  }
  const { className } = names(name);
  generateFiles(tree, join(import.meta.dirname, 'files'), '.', { name, plugin, className });
  for (const file of [
    '.helmignore',
    ...tree.children(`${exampleChart}/templates`).map((child) => `templates/${child}`),
  ])
    tree.write(`${chart}/${file}`, required(tree, `${exampleChart}/${file}`));
  const dockerfile = required(tree, 'tools/images/Dockerfile').replaceAll(/^ARG SERVICE$/gm, `ARG SERVICE=${name}`);
  tree.write(
    `${folder}/Dockerfile`,
    dockerfile.replace(/^#.*\n/, `# docker build -f ${folder}/Dockerfile -t ${name} .\n`),
  );
  await formatFiles(tree);
  return () => {
    console.log(`\nNow: npm install, then npx nx test ${name}. Your logic is in ${folder}/src/router.ts and split.ts.`);
  };
}

function required(tree: Tree, file: string): string {
  const content = tree.read(file, 'utf-8');
  if (content === null) throw new Error(`${file} is missing: run this in a clone of Sluice`);
  return content;
}
