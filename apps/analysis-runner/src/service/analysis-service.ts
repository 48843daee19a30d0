import { Metadata, status } from '@grpc/grpc-js';
import type { UntypedServiceImplementation, handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { errorCodeTrailer, statusOf } from '@sluice/contracts';
import type {
  EnsureRunRequest,
  EnsureRunResponse,
  PluginErrorCode,
  TerminateRunRequest,
  TerminateRunResponse,
  TryTemplateRequest,
  TryTemplateResponse,
} from '@sluice/contracts';
import { isKubeError, resources } from '@sluice/kube';
import type { AccessReviewer, KubeClient, KubeLogger } from '@sluice/kube';
import type { AnalysisRun } from '@sluice/model';
import { userTokenOf } from '@sluice/service/identity';
import { NoFreeName, ensureRun } from './ensure-run.ts';
import type { EnsuredRun } from './ensure-run.ts';
import { AccessDenied, permitAll, permitUser } from './user-access.ts';
import type { Permit } from './user-access.ts';

export interface AnalysisServiceOptions {
  readonly client: KubeClient;
  readonly logger: KubeLogger;
  readonly tryTemplate: (
    request: TryTemplateRequest,
    permit: Permit,
    signal: AbortSignal,
  ) => Promise<TryTemplateResponse>;
  /** Asked what a user may do who calls for themselves; without it users are not served. */
  readonly reviewer?: AccessReviewer | undefined;
}

/** The request makes no sense as it is. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** AnalysisService: rules A1 to A4 of the contract. Any replica answers; all that it needs to remember is in the cluster. */
export function analysisService(options: AnalysisServiceOptions): UntypedServiceImplementation {
  const { client, logger } = options;
  /** Wishes under way: one that is repeated while the first is, waits for it. */
  const wishes = new Map<string, Promise<EnsuredRun>>();

  async function ensure(request: EnsureRunRequest): Promise<EnsureRunResponse> {
    const run = wantedRun(request);
    const owner = request.owner?.uid ?? '';
    const key = `${owner}/${run.metadata.namespace ?? ''}/${run.metadata.name}/${request.idempotencyKey}`;
    let wish = wishes.get(key);
    if (wish === undefined) {
      wish = ensureRun(client, run).finally(() => wishes.delete(key));
      wishes.set(key, wish);
    }
    const ensured = await wish;
    const { namespace = '', name, uid = '' } = ensured.run.metadata;
    return { run: { namespace, name, uid }, created: ensured.created };
  }

  async function terminate({ run }: TerminateRunRequest, permit: Permit): Promise<TerminateRunResponse> {
    const key = { namespace: run?.namespace ?? '', name: run?.name ?? '' };
    if (key.namespace === '' || key.name === '') throw new BadRequest('the run needs a namespace and a name');
    await permit([{ verb: 'patch', group: 'argoproj.io', resource: 'analysisruns', ...key }]);
    const existing = await client.find<AnalysisRun>(resources.analysisRuns, key);
    const isMeant = existing !== undefined && (!run?.uid || existing.metadata.uid === run.uid);
    if (!isMeant) return { found: false };
    const isOver = ['Successful', 'Failed', 'Error', 'Inconclusive'].includes(existing.status?.phase ?? '');
    if (existing.spec.terminate === true || isOver) return { found: true };
    try {
      // The uid in the body is a precondition: another run of that name is left alone.
      const body = { metadata: { uid: existing.metadata.uid }, spec: { terminate: true } };
      await client.patch(resources.analysisRuns, key, 'merge', body);
    } catch (error) {
      if (isKubeError(error, 'NotFound', 'Conflict')) return { found: false };
      throw error;
    }
    return { found: true };
  }

  function permitOf(metadata: Metadata): Permit {
    const token = userTokenOf(metadata);
    if (token === undefined) return permitAll;
    if (options.reviewer !== undefined) return permitUser(options.reviewer, token);
    return () => Promise.reject(new AccessDenied('this analysis-runner serves no users'));
  }

  const answered =
    <Q, A>(
      name: string,
      work: (request: Q, permit: Permit, signal: AbortSignal) => Promise<A>,
    ): handleUnaryCall<Q, A> =>
    (call, answer) => {
      const stopper = new AbortController();
      call.on('cancelled', () => stopper.abort());
      work(call.request, permitOf(call.metadata), stopper.signal).then(
        (response) => answer(null, response),
        (error: unknown) => {
          logger.warn({ call: name, error: String(error) }, 'a call could not be answered');
          refuse(answer, error);
        },
      );
    };

  return {
    ensureRun: answered('EnsureRun', ensure),
    terminateRun: answered('TerminateRun', terminate),
    tryTemplate: answered('TryTemplate', options.tryTemplate),
  };
}

function wantedRun({ analysisRunJson, owner }: EnsureRunRequest): AnalysisRun {
  let run: AnalysisRun;
  try {
    run = JSON.parse(analysisRunJson) as AnalysisRun;
  } catch {
    throw new BadRequest('analysis_run_json is not JSON');
  }
  if (!run.metadata?.name || !run.metadata.namespace || !run.spec)
    throw new BadRequest('the AnalysisRun needs metadata.name, metadata.namespace and spec');
  if (owner === undefined || run.metadata.ownerReferences?.some(({ controller }) => controller === true)) return run;
  const { apiVersion, kind, name, uid } = owner;
  const reference = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
  const ownerReferences = [...(run.metadata.ownerReferences ?? []), reference];
  return { ...run, metadata: { ...run.metadata, ownerReferences } };
}

function refuse<A>(answer: sendUnaryData<A>, error: unknown): void {
  const code = codeOf(error);
  const metadata = new Metadata();
  metadata.set(errorCodeTrailer, code);
  const grpcCode = grpcStatusOf(error) ?? statusOf(code);
  answer({ code: grpcCode, details: error instanceof Error ? error.message : String(error), metadata });
}

function grpcStatusOf(error: unknown): status | undefined {
  if (error instanceof NoFreeName) return status.ALREADY_EXISTS;
  if (!(error instanceof AccessDenied)) return undefined;
  return error.unauthenticated ? status.UNAUTHENTICATED : status.PERMISSION_DENIED;
}

function codeOf(error: unknown): PluginErrorCode {
  if (error instanceof BadRequest || error instanceof AccessDenied) return 'Invalid';
  if (error instanceof NoFreeName) return 'Conflict';
  if (isKubeError(error, 'Invalid', 'Forbidden')) return 'Invalid';
  if (isKubeError(error, 'NotFound')) return 'NotFound';
  if (isKubeError(error, 'Conflict', 'AlreadyExists')) return 'Conflict';
  return isKubeError(error) ? 'Unavailable' : 'Internal';
}
