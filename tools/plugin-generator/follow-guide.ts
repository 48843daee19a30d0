// Follows a guide word for word in a clean clone in a temporary folder, with packages from the registry:
// node tools/plugin-generator/follow-guide.ts [write-a-metric-provider]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { scriptOf, stepsOf } from './src/guide.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'sluice-guide-'));
const clone = join(folder, 'sluice');
const started = performance.now();
try {
  execFileSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' });
  const guide = readFileSync(join(clone, `docs/guides/${process.argv[2] ?? 'write-a-traffic-router'}.md`), 'utf8');
  const { status } = spawnSync('bash', ['-c', `npm ci\n${scriptOf(stepsOf(guide))}`], {
    cwd: clone,
    stdio: 'inherit',
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(status === 0 ? `followed in ${seconds} s` : `stopped with ${status} after ${seconds} s`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
