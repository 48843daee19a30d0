import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const manifest = fs.readFileSync(path.join(here, 'facts.sha256'), 'utf8');
const expected = new Map(
  manifest
    .trim()
    .split('\n')
    .map((line) => line.split('  ').toReversed() as [string, string]),
);

describe('what was recorded of the reference', () => {
  it('is byte for byte as it was when it was recorded, and so is the tool that plays it', () => {
    const found = new Map([...expected.keys()].map((file) => [file, sha256(file)]));
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it('has no recording, moment or scenario beside those that were recorded', () => {
    const files = ['recorded', 'takeover', 'scenarios'].flatMap((folder) =>
      fs.readdirSync(path.join(here, folder)).map((name) => `${folder}/${name}`),
    );
    expect(files.filter((file) => !expected.has(file))).toEqual([]);
  });
});

function sha256(file: string): string {
  const place = path.join(here, file);
  return fs.existsSync(place) ? createHash('sha256').update(fs.readFileSync(place)).digest('hex') : 'missing';
}
