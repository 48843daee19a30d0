import { cp, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buf, contractsDirectory } from '../tools/buf.ts';
import { generateInto } from '../tools/generate.ts';

const made: string[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true })));
});

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-contracts-'));
  made.push(directory);
  return directory;
}

async function filesBelow(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const file of glob('**/*.ts', { cwd: directory }))
    files[file] = await readFile(join(directory, file), 'utf8');
  return files;
}

/** The contract with one thing changed, in a directory that buf can build. */
async function contractWith(file: string, from: string, to: string): Promise<string> {
  const directory = await temporary();
  await cp(join(contractsDirectory, 'proto'), join(directory, 'proto'), { recursive: true });
  await cp(join(contractsDirectory, 'buf.yaml'), join(directory, 'buf.yaml'));
  const path = join(directory, 'proto', file);
  const before = await readFile(path, 'utf8');
  expect(before).toContain(from);
  await writeFile(path, before.replace(from, to));
  return directory;
}

const released = join(contractsDirectory, 'released.binpb');
const router = 'sluice/router/v1/router.proto';
const metric = 'sluice/metric/v1/metric.proto';

describe('the .proto files', { timeout: 240_000 }, () => {
  test('are written as protobuf asks for (buf lint)', async () => {
    expect(await buf('lint')).toBe('');
  });

  test('are still understood by whoever was built for the released contract (buf breaking)', async () => {
    expect(await buf('breaking', '--against', released)).toBe('');
  });

  test.each([
    ['a field with another number', router, 'int32 max_weight = 6;', 'int32 max_weight = 16;'],
    ['a field of another type', router, 'int32 weight = 5;', 'string weight = 5;'],
    ['a call that is gone', router, 'rpc Release(ReleaseRequest) returns (ReleaseResponse);', ''],
    ['a measurement without its secrets', metric, 'repeated string secret_values = 7;', ''],
  ])('with %s are refused as breaking', async (_what, file, from, to) => {
    const directory = await contractWith(file, from, to);
    await expect(buf('breaking', directory, '--against', released)).rejects.toThrow(file);
  });

  test('with a new optional field are not refused', async () => {
    const directory = await contractWith(router, 'int32 max_weight = 6;', 'int32 max_weight = 6;\n  string note = 99;');
    expect(await buf('breaking', directory, '--against', released)).toBe('');
  });

  test('have the generated code that is committed: `npm run -w @sluice/contracts generate` brings it up to date', async () => {
    const fresh = await temporary();
    await generateInto(fresh);
    expect(await filesBelow(join(contractsDirectory, 'src', 'gen'))).toEqual(
      await filesBelow(join(fresh, 'src', 'gen')),
    );
  });

  test('number each obligation once', async () => {
    const numbers: string[] = [];
    for await (const file of glob('sluice/**/*.proto', { cwd: join(contractsDirectory, 'proto') })) {
      const text = await readFile(join(contractsDirectory, 'proto', file), 'utf8');
      numbers.push(...[...text.matchAll(/^\/\/ {2}([A-Z]\d+)\. /gm)].map((match) => match[1] ?? ''));
    }
    expect(numbers.length).toBeGreaterThan(15);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
