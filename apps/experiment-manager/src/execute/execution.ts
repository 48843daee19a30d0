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

export type ActionOf<Kind extends ExperimentAction['kind']> = Extract<ExperimentAction, { readonly kind: Kind }>;

export const uidOf = ({ snapshot }: Execution): string => snapshot.experiment.metadata.uid ?? '';

export const keyIn = ({ snapshot }: Execution, name: string): { namespace: string; name: string } => ({
  namespace: snapshot.experiment.metadata.namespace ?? '',
  name,
});
