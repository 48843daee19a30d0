// A property that finds nothing proves nothing: here each is shown an engine that breaks it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playCalmly } from './calm.ts';
import {
  blueGreenHistory,
  calmCanaryHistory,
  canaryHistory,
  measuredBlueGreenHistory,
  measuredCanaryHistory,
} from './history.ts';
import { experimentHistory } from './experiment-history.ts';
import type { History } from './history.ts';
import * as mutants from './mutants.ts';
import { Broken, playHistory } from './play.ts';
import type { Broke, Engines } from './play.ts';
import { pluginHistory } from './plugin-history.ts';
import * as pluginMutants from './plugin-mutants.ts';
import { routedHistory } from './routed-history.ts';

/** Whether one of so many histories breaks this property with this engine; what else they break does not count. */
function catches(
  property: Broke,
  history: fc.Arbitrary<History>,
  play: (history: History, engines: Engines) => void,
  engines: Engines,
): boolean {
  return fc.sample(history, { numRuns: 300, seed: 42 }).some((sample) => {
    try {
      play(sample, engines);
      return false;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return error.property === property;
    }
  });
}

const cases: readonly [string, Engines['decide'] & object, Broke, fc.Arbitrary<History>][] = [
  ['switches a Service before the pods are available', mutants.switchesEarly, 'served', blueGreenHistory],
  ['switches the canary Service before the pods are available', mutants.switchesEarly, 'served', canaryHistory],
  ['drains the old pods before the Services have moved', mutants.drainsFirst, 'served', canaryHistory],
  ['takes one pod more than it may', mutants.drainsTooFast, 'availability', canaryHistory],
  ['starts twice as many pods', mutants.growsTooMuch, 'surge', canaryHistory],
  ['forgets an abort', mutants.forgetsAbort, 'converges', canaryHistory],
  ['forgets an abort of a blue-green update', mutants.forgetsAbort, 'converges', blueGreenHistory],
  ['leaves a Service at the pods that an abort takes away', mutants.leavesServices, 'served', canaryHistory],
  ['leaves the pods of superseded versions', mutants.leavesOldSets, 'converges', blueGreenHistory],
  ['writes without preconditions', mutants.writesBlindly, 'preconditions', canaryHistory],
  ['never comes to rest', mutants.neverRests, 'rest', canaryHistory],
  ['repeats an action on a settled world', mutants.repeatsItself, 'idempotent', canaryHistory],
  ['takes errors for successes', mutants.trustsErrors, 'evidence', measuredCanaryHistory],
  ['takes a stopped run for a success', mutants.trustsStoppedRuns, 'evidence', measuredCanaryHistory],
  ['promotes what nobody could judge', mutants.assumesTheBest, 'evidence', measuredBlueGreenHistory],
  ['does not wait for its experiment', mutants.trustsRunningExperiments, 'experiment-evidence', experimentHistory],
  ['takes a bad experiment for a good one', mutants.trustsBadExperiments, 'experiment-evidence', experimentHistory],
  ['leaves the experiments of what was aborted', mutants.leavesExperiments, 'leftovers', experimentHistory],
  ['takes the last pods that a slow router still sends to', mutants.trustsDeclarations, 'routed', routedHistory],
  ['restarts the last pods that a router sends to', mutants.restartsBlindly, 'routed', routedHistory],
  ['restarts the last pods behind a Service', mutants.restartsBlindly, 'served', blueGreenHistory],
  ['routes more than pods can carry', mutants.routesTooMuch, 'capacity', routedHistory],
  ['drains what a slow router still sends to', mutants.trustsDeclarations, 'capacity', routedHistory],
  ['forgets that traffic was to go back', mutants.forgetsAbort, 'converges', routedHistory],
  ['forgets what plugins do for a replaced update', pluginMutants.forgetsWhatRuns, 'plugin-ended', pluginHistory],
  ['never asks a plugin to end what it does', pluginMutants.endsNothing, 'plugin-ended', pluginHistory],
  ['does not wait for its plugins', pluginMutants.trustsRunningPlugins, 'plugin-evidence', pluginHistory],
  ['asks a plugin to end the same thing twice', pluginMutants.endsTwice, 'plugin-calls', pluginHistory],
  ['forgets an abort while plugins are at work', mutants.forgetsAbort, 'converges', pluginHistory],
];

const experimentCases: readonly [string, Engines['decideExperiment'] & object, Broke][] = [
  ['leaves the pods of an experiment that has ended', mutants.leavesExperimentPods, 'leftovers'],
  ['leaves the Services of an experiment that has ended', mutants.leavesExperimentServices, 'leftovers'],
  ['does not come back when the scale-down delay is over', mutants.forgetsTheDelay, 'leftovers'],
  ['gives the pods of an experiment the hash of the version they are made from', mutants.takesTheHashAlong, 'joined'],
];

describe('An engine is caught that', () => {
  it.each(cases)('%s', { timeout: 240_000 }, (_, decide, property, history) => {
    expect(catches(property, history, playHistory, { decide })).toBe(true);
  });

  it.each(experimentCases)('%s', { timeout: 240_000 }, (_, decideExperiment, property) => {
    expect(catches(property, experimentHistory, playHistory, { decideExperiment })).toBe(true);
  });

  it('takes one pod more than it may, judged by the pods there are', { timeout: 240_000 }, () => {
    expect(catches('availability', calmCanaryHistory, playCalmly, { decide: mutants.drainsTooFast })).toBe(true);
  });
});
