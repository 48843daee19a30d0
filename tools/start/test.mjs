#!/usr/bin/env node
// npm test, first stage: as for npm start, nothing but Node and npm need be there.
import { checkNode, installDependencies } from './first-stage/dependencies.mjs';
import { failWith } from './first-stage/failure.mjs';
import { installRedis } from './first-stage/redis.mjs';
import { runSecondStage } from './first-stage/second-stage.mjs';
import { root } from './first-stage/workspace.mjs';

const say = (line) => console.error(`sluice: ${line}`);

try {
  checkNode();
  installDependencies(root, say);
  installRedis(say);
  runSecondStage(root, 'tools/start/src/test.ts', process.argv.slice(2));
} catch (error) {
  failWith(error);
}
