import fs from 'node:fs';
import path from 'node:path';
import { Failure, findTool, readVitestReport, root, runProgram, runSession } from '@sluice/tools-start';
import { startControlPlane } from './src/control-plane.ts';

// npm run test:kubernetes -- FILE…: runs tests against the real control plane. They find its kubeconfig in SLUICE_TEST_KUBECONFIG, and
// a kubectl on PATH: the machine's own, or the one that is linked into the control plane.
const files = process.argv.slice(2);

await runSession('stderr', async (session) => {
  if (files.length === 0) throw new Failure('name the tests to run: npm run test:kubernetes -- FILE…');
  const folder = path.join(session.temp, 'control-plane');
  const plane = await startControlPlane(folder, undefined, (line) => console.log(line));
  session.atEnd(() => plane.stop());
  if (!findTool('kubectl')) addKubectl(path.join(session.temp, 'bin'), plane.kubectl);
  process.env['SLUICE_TEST_KUBECONFIG'] = plane.kubeconfig;
  const report = path.join(session.temp, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // One file after the other: they share one cluster.
  const args = ['run', '--no-file-parallelism', ...reporters, ...files];
  const vitest = path.join(root, 'node_modules/.bin/vitest');
  const { code } = await runProgram(session, vitest, args, { output: 'show', cwd: root });
  const { passed, failed } = readVitestReport(report, code);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
});

function addKubectl(folder: string, [binary, subcommand]: readonly [string, string]): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'kubectl'), `#!/bin/sh\nexec '${binary}' ${subcommand} "$@"\n`, { mode: 0o755 });
  process.env['PATH'] = `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
}
