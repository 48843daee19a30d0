import { triedRunName } from '@sluice/contracts';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, ObjectKey } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { Call, JsonObject, MetricAnswer, MetricProvider, MetricQuery, MetricUnderWay } from '@sluice/plugin-sdk';
import { finishedJobs } from './collection.ts';
import { failureMessage } from './failure.ts';
import { mayBeStuck, pollAfterMs, stateOf } from './job-state.ts';
import type { Job } from './job-state.ts';
import { givenUpFor, jobNames, marks, measurementJob, measures } from './measurement-job.ts';
import type { Measured } from './measurement-job.ts';
import { imageTrouble } from './pod-state.ts';
import { podsOf } from './pods.ts';
import { keptUntilRead, releasedAfterRead } from './retention.ts';
import { readJobSettings, settingsIfSaid } from './settings.ts';
import type { JobSettings } from './settings.ts';

export interface JobProviderOptions {
  readonly client: KubeClient;
  /** Where all Jobs go; without it each goes into the namespace of its run. */
  readonly namespace?: string | undefined;
  /** The client's cluster is not the one of the AnalysisRuns: no run can own a Job there. */
  readonly foreignCluster?: boolean;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

type Settings = JobSettings | undefined;
type Query = MetricQuery<Settings>;

/** What the status of a measurement says of its Job, under names that tools know. */
const said = { name: 'job-name', namespace: 'job-namespace' } as const;

/** A Job for each measurement. All that matters stands in the Job: a provider that is started anew goes on from there. */
export function createJobProvider(options: JobProviderOptions): MetricProvider<Settings> {
  const { client, foreignCluster = false, now = Date.now } = options;
  // Jobs that this process has made or found, by measurement: one that was deleted is not made a second time.
  const made = new Map<string, Place>();
  const namespaceFor = ({ namespace }: Measured['run']): string => options.namespace ?? namespace;

  function remember(id: string, place: Place): void {
    made.set(id, place);
    const [oldest] = made.keys();
    if (made.size > rememberedMeasurements && oldest !== undefined) made.delete(oldest);
  }

  async function start(query: Query, call: Call): Promise<MetricAnswer> {
    const measured = measuredBy(query);
    const settings = query.config ?? readJobSettings({});
    const namespace = namespaceFor(query.run);
    // What belongs to a run that is not there would be collected at once.
    const owned = !foreignCluster && namespace === query.run.namespace && query.run.name !== triedRunName;
    const names = jobNames(measured);
    const before = made.get(query.id);
    if (before !== undefined) {
      const job = await jobOf({ ...query, handle: '', metadata: metadataOf(before) }, call);
      if (job === undefined) throw gone(before);
      return answerFor(job, call);
    }
    for (const name of names) {
      const job = measurementJob(measured, settings, { namespace, name, owned });
      const found = await createOrFind(job, measured, call);
      if (found === 'unknown')
        return underWay({ namespace, name }, 1_000, 'the API server did not say whether it has made the Job');
      if (found !== undefined) {
        remember(query.id, { namespace, name });
        return answerFor(found, call);
      }
    }
    const [name] = names;
    throw new PluginError('Conflict', `Job "${name}" of namespace ${namespace} is there and measures something else`);
  }

  /** Undefined when a Job of that name measures something else; `unknown` when the call may or may not have had an effect. */
  async function createOrFind(job: Job, measured: Measured, { signal }: Call): Promise<Job | 'unknown' | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.create<Job>(resources.jobs, job, { signal });
      } catch (error) {
        if (!signal.aborted && isKubeError(error, 'Timeout', 'Network', 'Unavailable')) return 'unknown';
        if (!isKubeError(error, 'AlreadyExists') || attempt > 2) throw error;
      }
      const existing = await client.find<Job>(resources.jobs, job.metadata, { signal });
      if (existing !== undefined) return measures(existing, measured) ? existing : undefined;
    }
  }

  async function poll(query: MetricUnderWay<Settings>, call: Call): Promise<MetricAnswer> {
    const job = await jobOf(query, call);
    if (job === undefined) throw gone(placesOf(query)[0]);
    return answerFor(job, call);
  }

  async function cancel(query: MetricUnderWay<Settings>, call: Call): Promise<MetricAnswer> {
    const job = await jobOf(query, call);
    if (job === undefined) return { verdict: 'Inconclusive', metadata: query.metadata };
    if (isOver(job)) return answerFor(job, call);
    await remove(job, call);
    return { verdict: 'Inconclusive', metadata: metadataOf(job.metadata) };
  }

  async function collect(
    {
      run,
      metricName,
      keep,
    }: { readonly run: Measured['run']; readonly metricName?: string | undefined; keep: number },
    call: Call,
  ): Promise<number> {
    const { items } = await client.list<Job>(resources.jobs, {
      namespace: namespaceFor(run),
      labelSelector: `${marks.runUid}=${run.uid}`,
      signal: call.signal,
    });
    const finished = finishedJobs(items.filter(isOver).filter(isKept), metricName);
    const old = finished.slice(0, Math.max(0, finished.length - keep));
    for (const job of old) await remove(job, call);
    return old.length;
  }

  /** Where the Job of a measurement may be: where its status says, else under the names that it would be given. */
  function placesOf(query: MetricUnderWay<Settings>): readonly [Place, ...Place[]] {
    const { [said.name]: name, [said.namespace]: namespace } = query.metadata;
    if (name !== undefined && name !== '') return [{ name, namespace: namespace || namespaceFor(query.run) }];
    const [usual, other] = jobNames(measuredBy(query));
    const at = (each: string): Place => ({ name: each, namespace: namespaceFor(query.run) });
    return [at(usual), at(other)];
  }

  // A status can be written by its users: a Job that it names counts only if it was made for this very measurement.
  async function jobOf(query: MetricUnderWay<Settings>, { signal }: Call): Promise<Job | undefined> {
    for (const place of placesOf(query)) {
      const job = await client.find<Job>(resources.jobs, place, { signal });
      if (job !== undefined && measures(job, measuredBy(query))) return job;
    }
    return undefined;
  }

  async function answerFor(job: Job, call: Call): Promise<MetricAnswer> {
    const metadata = metadataOf(job.metadata);
    const state = stateOf(job);
    if (state.phase === 'Failed') {
      const message = await failureMessage(client, job, state, call);
      await retain(job, releasedAfterRead(job, now()), call);
      return { verdict: 'Failed', message, metadata };
    }
    if (state.phase === 'Successful') {
      await retain(job, releasedAfterRead(job, now()), call);
      return { verdict: 'Successful', metadata };
    }
    await retain(job, keptUntilRead(job), call);
    const trouble = givenUpFor(job) ?? (await stuckOn(job, call));
    if (trouble !== undefined) return { verdict: 'Inconclusive', message: trouble, metadata };
    return underWay(job.metadata, pollAfterMs(job, now()));
  }

  /** How long the Job stays. That it cannot be changed is no reason to withhold a verdict. */
  async function retain({ metadata }: Job, change: JsonObject | undefined, call: Call): Promise<void> {
    if (change === undefined) return;
    try {
      await client.patch(resources.jobs, metadata, 'merge', change, { signal: call.signal });
    } catch (error) {
      if (!isKubeError(error) || call.signal.aborted) throw error;
      const { name, namespace } = metadata;
      call.logger.warn({ job: name, namespace, error: error.message }, 'cannot set how long a Job is kept');
    }
  }

  async function stuckOn(job: Job, call: Call): Promise<string | undefined> {
    if (!mayBeStuck(job)) return undefined;
    const trouble = imageTrouble(await podsOf(client, job, call.signal));
    if (trouble === undefined) return undefined;
    const message = `Job "${job.metadata.name}": ${trouble}`;
    await giveUp(job, message, call);
    return message;
  }

  /** The verdict stands in the Job before it is told, and the Job is held: an image that comes after all changes nothing any more. */
  async function giveUp({ metadata }: Job, message: string, { signal }: Call): Promise<void> {
    const change = { metadata: { annotations: { [marks.givenUp]: message } }, spec: { suspend: true } };
    const { resourceVersion = '' } = metadata;
    await client.patch(resources.jobs, metadata, 'merge', change, { signal, resourceVersion });
  }

  async function remove({ metadata }: Job, { signal }: Call): Promise<void> {
    const { uid = '' } = metadata;
    try {
      await client.remove(resources.jobs, metadata, { propagationPolicy: 'Foreground', uid, signal });
    } catch (error) {
      // Somebody else has removed it, or another one has its name by now.
      if (!isKubeError(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  const validate = async ({ config }: { readonly config: Settings }) => {
    if (config === undefined) readJobSettings({});
    return [];
  };

  return { config: settingsIfSaid, validate, start, poll, cancel, collect };
}

const rememberedMeasurements = 10_000;

const gone = ({ name, namespace }: Place): PluginError =>
  new PluginError(
    'NotFound',
    `Job "${name}" of namespace ${namespace} was deleted before its verdict was read, and is not run again for this ` +
      `measurement: job.batch "${name}" not found`,
  );

interface Place {
  readonly name: string;
  readonly namespace: string;
}

const measuredBy = ({ run, metricName, ordinal }: Query): Measured => ({ run, metric: metricName, ordinal });

const metadataOf = ({ name = '', namespace = '' }: ObjectKey): Readonly<Record<string, string>> => ({
  [said.name]: name,
  [said.namespace]: namespace,
});

function underWay(place: ObjectKey, pollAfter: number, message?: string): MetricAnswer {
  return {
    pending: { pollAfterMs: pollAfter },
    metadata: metadataOf(place),
    ...(message === undefined ? {} : { message }),
  };
}

const isKept = ({ metadata }: Job): boolean => metadata.deletionTimestamp === undefined;

const isOver = (job: Job): boolean => stateOf(job).phase !== 'Running' || givenUpFor(job) !== undefined;
