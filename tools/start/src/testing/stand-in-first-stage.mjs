import { runSecondStage } from '../../first-stage/second-stage.mjs';
import { root } from '../../first-stage/workspace.mjs';

runSecondStage(root, 'tools/start/src/testing/stand-in-session.ts', process.argv.slice(2));
