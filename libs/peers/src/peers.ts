import type { CallOptions, ClientUnaryCall, ServiceError } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { AnalysisServiceClient, ExperimentServiceClient } from '@sluice/contracts';
import type {
  EnsureExperimentResponse,
  EnsureRunResponse,
  TryTemplateRequest,
  TryTemplateResponse,
} from '@sluice/contracts';
import type { AnalysisRun, Experiment, ObjectMeta } from '@sluice/model';
import { interceptorsOf } from '@sluice/service/identity';
import type { CallerIdentity } from '@sluice/service/identity';
import { channelCredentials, channelTlsOptions, whyUnreachable } from '@sluice/service/tls';
import type { ClientTls } from '@sluice/service/tls';
import { peerErrorOf } from './peer-error.ts';

export interface PeerOptions {
  /** `host:port`. */
  readonly address: string;
  /** Without it calls are not encrypted. */
  readonly tls?: ClientTls | undefined;
  /** What this side shows with each call; without it only a peer of the same machine serves. */
  readonly identity?: CallerIdentity | undefined;
  /** How long one call may take, `tryTemplate` aside: 5 s. */
  readonly deadlineMs?: number;
}

export interface AskOptions {
  readonly signal?: AbortSignal;
}

export interface TryOptions extends AskOptions {
  /** How long it may take: 330 s, longer than the analysis-runner follows a measurement. When it is over, measurements are ended. */
  readonly deadlineMs?: number;
}

export interface EnsureOptions extends AskOptions {
  /** Stands for this one wish: the same as long as the same object is meant. */
  readonly idempotencyKey: string;
}

export interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The analysis-runner. All calls throw PeerError. */
export interface AnalysisPeer {
  /** The run exists from now on, perhaps under another name where that one is taken. Its owner is the one in its ownerReferences. */
  ensureRun(run: AnalysisRun, options: EnsureOptions): Promise<Named>;
  terminateRun(run: Named, options?: AskOptions): Promise<void>;
  close(): void;
}

/** The analysis-runner for people, who may try templates as well. */
export interface AnalysisTrialPeer extends AnalysisPeer {
  /** Measures each metric of templates once, and waits for the outcomes. */
  tryTemplate(request: TryTemplateRequest, options?: TryOptions): Promise<TryTemplateResponse>;
}

/** The experiment-manager. All calls throw PeerError. */
export interface ExperimentPeer {
  ensure(experiment: Experiment, options: EnsureOptions): Promise<Named>;
  terminate(experiment: Named, options?: AskOptions): Promise<void>;
  close(): void;
}

const tryDeadlineMs = 330_000;

const channelOptions = {
  // A peer that comes back is asked again within seconds.
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.min_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.dns_min_time_between_resolutions_ms': 2_000,
  'grpc.use_local_subchannel_pool': 1,
};

const channelOf = ({ tls, identity }: PeerOptions) => ({
  ...channelOptions,
  ...channelTlsOptions(tls),
  interceptors: interceptorsOf(identity),
});

export function createAnalysisPeer(options: PeerOptions): AnalysisTrialPeer {
  const client = new AnalysisServiceClient(options.address, channelCredentials(options.tls), channelOf(options));
  const ask = asking('analysis-runner', options);
  return {
    async ensureRun(run, { idempotencyKey, signal }) {
      const request = { analysisRunJson: JSON.stringify(run), owner: ownerOf(run.metadata), idempotencyKey };
      const answer = await ask<EnsureRunResponse>(signal, (metadata, call, done) =>
        client.ensureRun(request, metadata, call, done),
      );
      return answer.run ?? namedBy(run.metadata);
    },
    async terminateRun(run, { signal } = {}) {
      await ask(signal, (metadata, call, done) => client.terminateRun({ run }, metadata, call, done));
    },
    async tryTemplate(request, { signal, deadlineMs = tryDeadlineMs } = {}) {
      const askPatiently = asking('analysis-runner', { ...options, deadlineMs });
      return await askPatiently<TryTemplateResponse>(signal, (metadata, call, done) =>
        client.tryTemplate(request, metadata, call, done),
      );
    },
    close: () => client.close(),
  };
}

export function createExperimentPeer(options: PeerOptions): ExperimentPeer {
  const client = new ExperimentServiceClient(options.address, channelCredentials(options.tls), channelOf(options));
  const ask = asking('experiment-manager', options);
  return {
    async ensure(experiment, { idempotencyKey, signal }) {
      const request = {
        experimentJson: JSON.stringify(experiment),
        owner: ownerOf(experiment.metadata),
        idempotencyKey,
      };
      const answer = await ask<EnsureExperimentResponse>(signal, (metadata, call, done) =>
        client.ensure(request, metadata, call, done),
      );
      return answer.experiment ?? namedBy(experiment.metadata);
    },
    async terminate(experiment, { signal } = {}) {
      await ask(signal, (metadata, call, done) => client.terminate({ experiment }, metadata, call, done));
    },
    close: () => client.close(),
  };
}

type Unary<A> = (
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: (error: ServiceError | null, answer: A) => void,
) => ClientUnaryCall;

function asking(peer: string, { address, tls, deadlineMs = 5_000 }: PeerOptions) {
  const why = onceAtATime(() => whyUnreachable(`the ${peer} at ${address}`, address, tls));
  return <A>(signal: AbortSignal | undefined, unary: Unary<A>): Promise<A> =>
    new Promise((resolve, reject) => {
      const call = unary(new Metadata(), { deadline: Date.now() + deadlineMs }, (error, answer) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null) resolve(answer);
        else void peerErrorOf(peer, address, error, why).then(reject, reject);
      });
      const cancel = (): void => call.cancel();
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
}

/** Many callers may meet the same closed door at once: one look at it serves all of them. */
function onceAtATime<A>(look: () => Promise<A>): () => Promise<A> {
  let current: Promise<A> | undefined;
  return () => (current ??= look().finally(() => (current = undefined)));
}

const namedBy = ({ namespace = '', name, uid = '' }: ObjectMeta): Named => ({ namespace, name, uid });

function ownerOf({ namespace = '', ownerReferences = [] }: ObjectMeta) {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, namespace, name, uid };
}
