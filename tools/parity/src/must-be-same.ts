import fs from 'node:fs';
import path from 'node:path';
import { root } from '@sluice/tools-start';

/** What has to hold by now; names may be globs. `routers` of what is not listed come with later parts. */
export interface MustBeSame {
  /** Scenarios that have to be the same as recorded, on both clusters. */
  readonly parity: readonly string[];
  /** Moments that have to be taken over without a write. */
  readonly takeover: readonly string[];
}

export function mustBeSame(): MustBeSame {
  return JSON.parse(fs.readFileSync(path.join(root, 'tools/parity/must-be-same.json'), 'utf8')) as MustBeSame;
}

/** Whether a name is one of `patterns`, in which `*` stands for any text. */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`));
  return (name) => tests.some((test) => test.test(name));
}

function escaped(text: string): string {
  return text.replace(/[^\w-]/g, '\\$&');
}
