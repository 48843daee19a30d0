import type { EpochMs, ExperimentAction, ExperimentEvent, ExperimentSnapshot } from '@sluice/engine';
import type { KubeClient, KubeObject } from '@sluice/kube';
import type { AnalysisPeer } from '@sluice/peers';
import type { Answers } from '../assemble/answers.ts';
import type { Beginnings } from './beginnings.ts';

/** What the kinds of actions need to be carried out. */
export interface Execution {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'patch' | 'remove'>;
  /** The analysis-runner; undefined where this installation has none. */
  readonly analysis: Pick<AnalysisPeer, 'ensureRun' | 'terminateRun'> | undefined;
  /** What was decided on: actions name its objects by uid. */
  readonly snapshot: ExperimentSnapshot;
  /** Aborts when writing is no longer allowed. */
  readonly signal: AbortSignal;
  readonly answers: Answers;
  /** Shared by all experiments of this process. */
  readonly beginnings: Beginnings;
  /** Asked before each write. */
  mayWrite(): boolean;
  now(): EpochMs;
  /** The server's answer to a write: the caches must show it before the next decision. */
  wrote(kind: CachedKind, object: KubeObject): void;
  removed(kind: CachedKind, object: KubeObject): void;
  record(event: ExperimentEvent): void;
}

export type CachedKind = 'experiments' | 'replicaSets' | 'services';

/** Writing is no longer allowed: somebody else leads, or another controller is live. Nothing is wrong with the Experiment. */
export class NotInCharge extends Error {
  override readonly name = 'NotInCharge';
}

/** The decision was taken on something that is not so any more: throw it away and assemble again. */
export class StaleDecision extends Error {
  override readonly name = 'StaleDecision';
}

/** The answer to a wish has been noted: the next decision takes it into account. */
export class Answered extends Error {
  override readonly name = 'Answered';
}

export type ActionOf<Kind extends ExperimentAction['kind']> = Extract<ExperimentAction, { readonly kind: Kind }>;

/** Throws NotInCharge; call it right before each write. */
export function assertInCharge(execution: Execution): void {
  if (!execution.mayWrite()) throw new NotInCharge('not allowed to write any more');
}

export const uidOf = ({ snapshot }: Execution): string => snapshot.experiment.metadata.uid ?? '';

export const keyIn = ({ snapshot }: Execution, name: string): { namespace: string; name: string } => ({
  namespace: snapshot.experiment.metadata.namespace ?? '',
  name,
});
