import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Work, triedRunName } from '@sluice/contracts';
import type { Outcome, Task, TriedMetric, TryTemplateRequest, TryTemplateResponse } from '@sluice/contracts';
import type { TemplateLookup } from '@sluice/engine';
import { resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { withoutNulls } from '@sluice/model';
import type { AnalysisRun, AnalysisTemplate } from '@sluice/model';
import type { PluginHost } from '@sluice/plugin-host';
import { maskOf, maskedMap } from '../masking.ts';
import { prepareMetric } from '../scheduler/prepared-metric.ts';
import type { PreparedMetric } from '../scheduler/prepared-metric.ts';
import type { Secrets } from '../scheduler/secrets.ts';
import { carryOut } from '../worker/measure.ts';
import { BadRequest } from './analysis-service.ts';
import type { Permit } from './user-access.ts';
import { triedRun } from './tried-run.ts';

export interface TryTemplateOptions {
  readonly client: KubeClient;
  readonly plugins: Pick<PluginHost, 'metric'>;
  readonly secrets: Secrets;
}

const sideEffects = 'side-effects';
const longestMs = 300_000;
const pollMs = 500;

/** Measures each metric of the templates once, as a run would, and leaves nothing behind. */
export function createTryTemplate({ client, plugins, secrets }: TryTemplateOptions) {
  async function tryMetric(
    run: AnalysisRun,
    name: string,
    prepared: PreparedMetric,
    request: TryTemplateRequest,
    signal: AbortSignal,
  ): Promise<TriedMetric> {
    const { provider } = prepared;
    const plugin = plugins.metric(provider, request.namespace);
    if (plugin?.capabilities.includes(sideEffects) === true && !request.withSideEffects)
      return leftOut(
        name,
        provider,
        'not measured: measuring it makes something in the cluster, which has to be asked for',
      );
    const task = taskOf(run, name, prepared);
    const startedAt = performance.now();
    const outcome = await measured(task, signal);
    if (plugin?.capabilities.includes(sideEffects) === true)
      await carryOut({ ...task, work: Work.COLLECT, keep: 0 }, { plugins });
    const mask = maskOf(prepared.secretValues);
    return {
      name,
      provider,
      phase: outcome.phase,
      value: mask(outcome.value),
      reason: mask(reasonOf(outcome, prepared)),
      message: outcome.message,
      tookMs: Math.round(performance.now() - startedAt),
      metadata: { ...maskedMap(mask, { ...outcome.metricMetadata, ...outcome.metadata }) },
    };
  }

  /** One that takes longer is followed to its end; when the caller goes, it is ended. */
  async function measured(task: Task, signal: AbortSignal): Promise<Outcome> {
    const until = performance.now() + longestMs;
    let outcome = await carryOut(task, { plugins }, signal);
    while (outcome.phase === 'Running') {
      const underWay = { ...task, handle: outcome.handle, metadata: outcome.metadata };
      if (signal.aborted || performance.now() > until) {
        await carryOut({ ...underWay, work: Work.CANCEL }, { plugins });
        return { ...outcome, phase: 'Error', message: `not finished after ${longestMs / 1_000} s: ended` };
      }
      await delay(Math.max(pollMs, outcome.pollAfterMs), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) outcome = await carryOut({ ...underWay, work: Work.POLL }, { plugins }, signal);
    }
    return outcome;
  }

  return async (request: TryTemplateRequest, permit: Permit, signal: AbortSignal): Promise<TryTemplateResponse> => {
    const { namespace } = request;
    await permit([{ verb: 'create', group: 'argoproj.io', resource: 'analysisruns', namespace }]);
    const tried = triedRun(request, await lookupOf(client, request, signal), randomUUID());
    if ('problems' in tried) return { metrics: [], problems: [...tried.problems] };
    const { run } = tried;
    await permit(secretsNamedBy(run).map((name) => ({ verb: 'get', group: '', resource: 'secrets', namespace, name })));
    const values = await secrets.of(run);
    const missing = Object.values(values?.observations ?? {}).flatMap((seen) =>
      seen.kind === 'missing' ? [seen.message] : seen.kind === 'unknown' ? ['a Secret could not be read'] : [],
    );
    if (missing.length > 0) return { metrics: [], problems: missing };
    const metrics = await Promise.all(
      tried.metrics.map(async ({ name }) => {
        const prepared = prepareMetric(run, name, values?.values);
        if (!prepared.ok) return leftOut(name, '', prepared.error.message);
        return await tryMetric(run, name, prepared.value, request, signal);
      }),
    );
    return { metrics, problems: [] };
  };
}

/** A user who tries a template sees what its Secrets open: only those that this user may read anyway are used. */
function secretsNamedBy({ spec }: AnalysisRun): readonly string[] {
  const names = (spec.args ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
  return [...new Set(names)];
}

async function lookupOf(client: KubeClient, request: TryTemplateRequest, signal: AbortSignal): Promise<TemplateLookup> {
  const own = new Map<string, AnalysisTemplate>();
  const forAll = new Map<string, AnalysisTemplate>();
  const keep = (template: AnalysisTemplate): void =>
    void (template.kind === 'ClusterAnalysisTemplate' ? forAll : own).set(template.metadata.name ?? '', template);
  const lists = [
    client.list<AnalysisTemplate>(resources.analysisTemplates, { namespace: request.namespace, signal }),
    client.list<AnalysisTemplate>(resources.clusterAnalysisTemplates, { signal }),
  ];
  for (const { items } of await Promise.all(lists)) for (const template of items) keep(template);
  for (const text of request.templateJson) keep(parsed(text));
  return (name, clusterScope) => {
    const template = (clusterScope ? forAll : own).get(name);
    return template && withoutNulls(clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate', template);
  };
}

function parsed(text: string): AnalysisTemplate {
  try {
    return JSON.parse(text) as AnalysisTemplate;
  } catch {
    throw new BadRequest('template_json is not JSON');
  }
}

function taskOf(run: AnalysisRun, metric: string, prepared: PreparedMetric): Task {
  const { provider, configJson, metricJson, successCondition, failureCondition, secretValues, deadlineMs } = prepared;
  const { namespace = '', uid = '' } = run.metadata;
  const identity = { ticket: 0, runNamespace: namespace, runName: triedRunName, runUid: uid, metric, ordinal: 1 };
  const conditions = { successCondition, failureCondition, secrets: [...secretValues] };
  return {
    ...identity,
    ...conditions,
    work: Work.START,
    provider,
    configJson,
    metricJson,
    deadlineMs,
    metadata: {},
    keep: 0,
    handle: '',
  };
}

/** In the terms of `assessMeasurement`: a failureCondition alone decides Failed where it is given. */
function reasonOf({ phase, value, message }: Outcome, { successCondition, failureCondition }: PreparedMetric): string {
  const isDecided = successCondition === '' && failureCondition === '';
  if (phase === 'Error') return message;
  if (isDecided && phase === 'Successful' && value !== '') return 'there is a value, and no condition against it';
  if (isDecided) return 'the provider has decided';
  if (phase === 'Inconclusive') return 'neither successCondition nor failureCondition holds';
  if (phase === 'Failed' && failureCondition !== '') return `failureCondition ${failureCondition} holds`;
  if (phase === 'Failed') return `successCondition ${successCondition} does not hold`;
  return successCondition === ''
    ? `failureCondition ${failureCondition} does not hold`
    : `successCondition ${successCondition} holds`;
}

function leftOut(name: string, provider: string, reason: string): TriedMetric {
  return { name, provider, phase: '', value: '', reason, message: '', tookMs: 0, metadata: {} };
}
