import { spawnSync } from 'node:child_process';
import { Failure, failWith } from '@sluice/tools-start';
import { buildControlPlane } from './src/build.ts';

// npm run kubectl -- ARGUMENTS: the kubectl that is linked into the control plane, for machines without one.
try {
  const binary = await buildControlPlane((line) => console.error(line));
  const { status, error } = spawnSync(binary, ['kubectl', ...process.argv.slice(2)], { stdio: 'inherit' });
  if (error) throw new Failure(`${binary} does not run: ${error.message}`);
  process.exit(status ?? 1);
} catch (error) {
  failWith(error);
}
