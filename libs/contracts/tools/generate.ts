import { cp, glob, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { buf, contractsDirectory } from './buf.ts';

/** Writes the TypeScript for all .proto files below `directory`/src/gen, formatted as the rest of the code is. */
export async function generateInto(directory: string): Promise<void> {
  await buf('generate', '--output', directory);
  const generated = join(directory, 'src', 'gen');
  const settings = await resolveConfig(join(contractsDirectory, 'package.json'));
  for await (const file of glob('**/*.ts', { cwd: generated })) {
    const path = join(generated, file);
    await writeFile(path, await format(await readFile(path, 'utf8'), { ...settings, parser: 'typescript' }));
  }
}

if (import.meta.main) {
  const fresh = join(contractsDirectory, 'dist');
  await generateInto(fresh);
  const target = join(contractsDirectory, 'src', 'gen');
  await rm(target, { recursive: true, force: true });
  await cp(join(fresh, 'src', 'gen'), target, { recursive: true });
  await rm(fresh, { recursive: true });
}
