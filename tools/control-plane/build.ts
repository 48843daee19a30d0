import { failWith } from '@sluice/tools-start';
import { buildControlPlane, buildHelmTemplate } from './src/build.ts';

// npm run build:control-plane: builds what Go builds, so that whoever needs it finds it there.
try {
  for (const build of [buildControlPlane, buildHelmTemplate]) console.log(await build((line) => console.log(line)));
  console.log('2 passed, 0 failed');
} catch (error) {
  failWith(error);
}
