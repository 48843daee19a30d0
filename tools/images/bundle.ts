import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');

/** The services that an image can be made of: every folder of apps (and apps/plugins) with a src/main.ts. */
export function bundledServices(): string[] {
  return ['apps', 'apps/plugins']
    .filter((parent) => fs.existsSync(path.join(root, parent)))
    .flatMap((parent) => fs.readdirSync(path.join(root, parent)).map((name) => path.join(parent, name)))
    .filter((folder) => fs.existsSync(path.join(root, folder, 'src/main.ts')));
}

/**
 * Bundles a service with all it imports into `folder`: main.mjs, and a file for each part that is only loaded when it is needed.
 * Throws an Error that lists the services when there is none of this name.
 */
export async function bundleService(name: string, folder: string): Promise<Metafile> {
  const place = bundledServices().find((each) => path.basename(each) === name);
  if (!place)
    throw new Error(
      `there is no service ${name}: ${bundledServices()
        .map((each) => path.basename(each))
        .join(', ')}`,
    );
  const { metafile } = await build({
    entryPoints: { main: path.join(root, place, 'src/main.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    // Names stay: they are in stacks and logs.
    keepNames: true,
    legalComments: 'linked',
    // Dependencies in CommonJS call require() for Node's own modules.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

if (import.meta.main) {
  const [name = '', folder = path.join(root, 'dist', name)] = process.argv.slice(2);
  const { outputs } = await bundleService(name, folder);
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`${name}: ${Object.keys(outputs).length} files, ${(bytes / 1e6).toFixed(1)} MB in ${folder}`);
}
