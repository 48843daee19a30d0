import { isKubeError, resources } from '@sluice/kube';
import { isPeerError } from '@sluice/peers';
import type { AnalysisPeer, ExperimentPeer, Named } from '@sluice/peers';
import { Answered, StaleDecision, assertInCharge } from '@sluice/reconcile';
import type { PeerAnswers, PeerKind } from '../peers/peer-answers.ts';
import type { ActionOf, Execution } from './execution.ts';

/** The services that judge for the rollout. One that is not installed is never asked: the engine holds Rollouts that need it. */
export interface PeerCalls {
  readonly analysis?: AnalysisPeer | undefined;
  readonly experiments?: ExperimentPeer | undefined;
  readonly answers: PeerAnswers;
}

export function ensureAnalysisRun(execution: Execution, { run }: ActionOf<'EnsureAnalysisRun'>): Promise<void> {
  const { analysis } = execution.peers;
  return ensure(execution, 'analysis', run.metadata.name, analysis && ((options) => analysis.ensureRun(run, options)));
}

export function ensureExperiment(execution: Execution, { experiment }: ActionOf<'EnsureExperiment'>): Promise<void> {
  const { experiments } = execution.peers;
  return ensure(
    execution,
    'experiments',
    experiment.metadata.name,
    experiments && ((options) => experiments.ensure(experiment, options)),
  );
}

interface Wish {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

async function ensure(
  execution: Execution,
  peer: PeerKind,
  name: string,
  ask: ((wish: Wish) => Promise<Named>) | undefined,
): Promise<void> {
  const { uid = '' } = execution.snapshot.rollout.metadata;
  const { answers } = execution.peers;
  assertInCharge(execution);
  if (ask === undefined) throw new Answered(`nobody can be asked for ${name}`);
  try {
    // The name is chosen once for each attempt at each step, so that it stands for the wish.
    const exists = await ask({ idempotencyKey: `${uid}/${name}`, signal: execution.signal });
    answers.answered(uid, peer);
    if (exists.name === name) return;
    answers.taken(uid, name);
    throw new StaleDecision(`the name ${name} is taken: it is ${exists.name} now`);
  } catch (error) {
    if (!isPeerError(error) || execution.signal.aborted) throw error;
    if (error.code === 'Conflict') {
      answers.taken(uid, name);
      throw new StaleDecision(error.message, { cause: error });
    }
    answers.failed(uid, peer, error.message, execution.now());
    throw new Answered(error.message, { cause: error });
  }
}

/** What measures in vain harms nobody: a peer that is away is asked again later, and stops nothing. */
export async function terminate(
  execution: Execution,
  { kind, name, uid }: ActionOf<'TerminateAnalysisRun'> | ActionOf<'TerminateExperiment'>,
): Promise<'later' | void> {
  const { analysis, experiments, answers } = execution.peers;
  const rollout = execution.snapshot.rollout.metadata;
  const peer = kind === 'TerminateAnalysisRun' ? 'analysis' : 'experiments';
  if (!answers.mayAsk(rollout.uid ?? '', peer, execution.now())) return 'later';
  const named = { namespace: rollout.namespace ?? '', name, uid };
  const { signal } = execution;
  assertInCharge(execution);
  try {
    await (peer === 'analysis' ? analysis?.terminateRun(named, { signal }) : experiments?.terminate(named, { signal }));
    answers.answered(rollout.uid ?? '', peer);
  } catch (error) {
    if (!isPeerError(error) || signal.aborted) throw error;
    answers.failed(rollout.uid ?? '', peer, error.message, execution.now());
    return 'later';
  }
}

export async function forget(
  execution: Execution,
  { kind, target }: ActionOf<'DeleteAnalysisRun'> | ActionOf<'DeleteExperiment'>,
): Promise<void> {
  const ref = kind === 'DeleteAnalysisRun' ? resources.analysisRuns : resources.experiments;
  const { namespace = '' } = execution.snapshot.rollout.metadata;
  assertInCharge(execution);
  try {
    await execution.client.remove(
      ref,
      { namespace, name: target.name },
      { uid: target.uid, propagationPolicy: 'Background', signal: execution.signal },
    );
  } catch (error) {
    if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
  }
}
