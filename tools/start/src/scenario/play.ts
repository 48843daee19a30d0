import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../first-stage/failure.mjs';
import { root } from '../../first-stage/workspace.mjs';
import { lastWords } from '../last-words.ts';
import { applyManifests, readManifests } from '../manifests.ts';
import { whatIsMissing } from './condition.ts';
import type { Scene } from './condition.ts';
import { metricsAddress } from './example-metrics.ts';
import type { ExampleMetrics } from './example-metrics.ts';
import type { Condition, Scenario, Step } from './format.ts';

const WAIT_MS = 120_000;
const LOOK_EVERY_MS = 100;

export interface Stage {
  readonly scene: Scene;
  readonly kubeconfig: string;
  readonly say: (line: string) => void;
  /** Leaves things as they are for a person to look at; answers when that has been long enough. */
  readonly look: (seconds: number) => Promise<void>;
  /** Outlives the scenario, as what measures does. */
  readonly metrics: ExampleMetrics;
  readonly signal: AbortSignal;
}

/** Plays a scenario to its end. Throws a Failure that names the step that did not come about, and why; an AbortError when `signal` is aborted. */
export async function playScenario(scenario: Scenario, stage: Stage): Promise<void> {
  for (const step of scenario.steps) {
    await playStep(step, scenario, stage);
  }
}

async function playStep(step: Step, scenario: Scenario, stage: Stage): Promise<void> {
  const { scene, signal } = stage;
  signal.throwIfAborted();
  switch (step.do) {
    case 'say':
      return stage.say(`# ${step.text}`);
    case 'apply': {
      const files = step.files.map((file) => path.join(scenario.folder, file));
      for (const file of files) stage.say(`$ kubectl apply -f ${path.relative(root, file)}`);
      return applyManifests(scene.client, await stage.metrics.named(files.flatMap(readManifests)), scene.namespace);
    }
    case 'command':
      stage.say(`$ sluice ${step.args.join(' ')}`);
      return runCommand(step.args, stage);
    case 'metrics':
      for (const [path, answer] of Object.entries(step.answers))
        stage.say(`# ${metricsAddress}${path} answers ${JSON.stringify(answer)} from now on`);
      return stage.metrics.set(step.answers);
    case 'wait':
      return waitFor(step.for, stage);
    case 'look':
      return stage.look(step.seconds);
    default:
      step satisfies never;
  }
}

async function runCommand(args: readonly string[], stage: Stage): Promise<void> {
  const cli = path.join(root, 'apps/cli/bin/sluice.mjs');
  const where = ['--kubeconfig', stage.kubeconfig, '--namespace', stage.scene.namespace];
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, [cli, ...args, ...where], { signal: stage.signal }, (error, _stdout, stderr) => {
      if (error?.name === 'AbortError') reject(error);
      else if (error)
        reject(new Failure(`"sluice ${args.join(' ')}" failed: ${lastWords(stderr.split('\n')) || error.message}`));
      else resolve();
    });
  });
}

async function waitFor(condition: Condition, { scene, signal }: Stage): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  let missing: string | undefined = 'nothing was seen yet';
  for (;;) {
    missing = await whatIsMissing(scene, condition).catch((error: Error) => error.message);
    if (missing === undefined) return;
    if (Date.now() > deadline)
      throw new Failure(`${scene.rollout}: ${missing}, ${WAIT_MS / 1000} s after that was expected`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
