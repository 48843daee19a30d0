#!/usr/bin/env node
// npm start, first stage: plain JavaScript for the Node that is there (20 or newer), before any dependency is installed.
import { checkNode, installDependencies } from './first-stage/dependencies.mjs';
import { failWith } from './first-stage/failure.mjs';
import { startOptions, usage } from './first-stage/options.mjs';
import { installRedis } from './first-stage/redis.mjs';
import { runSecondStage } from './first-stage/second-stage.mjs';
import { root } from './first-stage/workspace.mjs';

// On stderr: with --services-only, stdout carries one line of JSON and nothing else.
const say = (line) => console.error(`sluice: ${line}`);

try {
  checkNode();
  const args = process.argv.slice(2);
  if (startOptions(args).help) {
    console.log(usage);
  } else {
    installDependencies(root, say);
    if (!process.env.REDIS_URL) installRedis(say);
    runSecondStage(root, 'tools/start/src/start.ts', args);
  }
} catch (error) {
  failWith(error);
}
