#!/usr/bin/env node
// Plain JavaScript that any Node runs: it finds one that can run the program itself, which is TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled once, kept beside other temporary files: halves the time to the first line.
  module.enableCompileCache?.();
  await import('../src/main.ts');
} else {
  const node = workspaceNode(dirname(fileURLToPath(import.meta.url)));
  if (node === undefined) {
    console.error(
      `Error: sluice needs Node 22.18 or newer, and this is ${process.version}: install a newer Node, or run 'npm ci' in the workspace.`,
    );
    process.exitCode = 1;
  } else {
    runWith(node);
  }
}

/** The Node that the workspace brings along, in the nearest node_modules upwards. */
function workspaceNode(from) {
  const candidate = join(from, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(candidate)) return candidate;
  return dirname(from) === from ? undefined : workspaceNode(dirname(from));
}

function runWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; the others are passed on, so that ending this ends both.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 130);
  });
  child.on('error', (error) => {
    console.error(`Error: cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
}
