import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { silentLogger } from './logger.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { resources } from './resources.ts';
import type { KubeObject } from './resources.ts';

/** What to tell people about an object. Reason is one CamelCase word; message a sentence (cut at 1,024 characters). */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Extra annotations on the Event. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** `source.component`, e.g. `rollouts-controller`. */
  readonly component: string;
  /** Events not sent yet, at most; the oldest are dropped: 4,000. */
  readonly queueSize?: number;
  /** Writes a second, and how many at once: 50 and 400. */
  readonly qps?: number;
  readonly burst?: number;
  /** The same event again within this time raises its count instead of making another, unless a Normal one came after others: 10 minutes. */
  readonly aggregateMs?: number;
  readonly logger?: KubeLogger;
  readonly onDropped?: (why: 'queue full' | 'refused') => void;
}

export interface EventRecorder {
  /** Never blocks, never fails. */
  record(object: KubeObject, note: EventNote): void;
  /** Sends what is queued for at most `timeoutMs` (2 s), then stops; later records are ignored. */
  stop(timeoutMs?: number): Promise<void>;
  readonly queued: number;
}

interface Series {
  readonly object: KubeObject;
  readonly note: EventNote;
  readonly namespace: string;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  /** Set once the Event exists: then repeats are patches. */
  name?: string;
  queued: boolean;
  /** How many Events of this text there are, so that one more does not replace the order of what came between. */
  readonly copies: number;
}

const maxSeries = 4_096;
/** Normal events that come again after others get an Event of their own, so that a list reads in order; no more than so many. */
const maxCopies = 10;
const maxTries = 3;

/** Writes core/v1 Events in the background: people read them, nothing depends on them. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, component, logger = silentLogger } = options;
  const { queueSize = 4_000, qps = 50, burst = 400, aggregateMs = 600_000 } = options;
  const known = new Map<string, Series>();
  /** The last one of each object. */
  const latest = new Map<string, Series>();
  const queue: Series[] = [];
  const stopper = new AbortController();
  let closing = false;
  let sending: Promise<void> | undefined;
  let tokens = burst;
  let refilledAt = performance.now();

  function seriesOf(object: KubeObject, note: EventNote): Series {
    const subject = [object.metadata.uid, object.kind, object.metadata.name].join('\0');
    const id = [subject, note.type, note.reason, note.message].join('\0');
    const at = Date.now();
    const existing = known.get(id);
    const isRecent = existing !== undefined && at - existing.lastAt < aggregateMs;
    const copies = isRecent ? existing.copies : 0;
    const mayRepeat = note.type === 'Normal' && copies < maxCopies && latest.get(subject) !== existing;
    if (isRecent && !mayRepeat) {
      existing.count += 1;
      existing.lastAt = at;
      return keep(id, subject, existing);
    }
    const series: Series = {
      object,
      note,
      namespace: object.metadata.namespace ?? 'default',
      firstAt: at,
      lastAt: at,
      count: 1,
      queued: false,
      copies: copies + 1,
    };
    return keep(id, subject, series);
  }

  /** As the most recently used one. */
  function keep(id: string, subject: string, series: Series): Series {
    putLast(known, id, series);
    putLast(latest, subject, series);
    return series;
  }

  async function admitted(): Promise<void> {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - refilledAt) * qps) / 1000) - 1;
    refilledAt = now;
    // Stopping sends what is left without waiting; its time is bounded anyway.
    if (tokens < 0 && !closing) await pause((-tokens * 1000) / qps, stopper.signal);
  }

  async function send(series: Series): Promise<void> {
    const call = { signal: stopper.signal, timeoutMs: 10_000 };
    if (series.name !== undefined) {
      const body = { count: series.count, lastTimestamp: timestamp(series.lastAt) };
      try {
        await client.patch(resources.events, { namespace: series.namespace, name: series.name }, 'merge', body, call);
        return;
      } catch (error) {
        // Events expire after an hour: then the repeat is a new one.
        if (!isKubeError(error, 'NotFound')) throw error;
      }
    }
    const event = eventOf(series, component);
    await client.create(resources.events, event, call);
    series.name = event.metadata.name;
  }

  async function sendWithRetries(series: Series): Promise<void> {
    for (let tries = 1; !stopper.signal.aborted; tries += 1) {
      try {
        await send(series);
        return;
      } catch (error) {
        if (tries < maxTries && isKubeError(error) && error.retryable && !closing) {
          await pause(error.retryAfterMs ?? 500 * 2 ** tries, stopper.signal);
          continue;
        }
        options.onDropped?.('refused');
        logger.debug(
          { reason: series.note.reason, object: series.object.metadata.name, error: String(error) },
          'an event could not be written',
        );
        return;
      }
    }
  }

  async function sendAll(): Promise<void> {
    for (let series = queue.shift(); series !== undefined && !stopper.signal.aborted; series = queue.shift()) {
      await admitted();
      series.queued = false;
      await sendWithRetries(series);
    }
    sending = undefined;
  }

  return {
    record(object, note) {
      if (closing) return;
      const series = seriesOf(object, note);
      if (series.queued) return;
      series.queued = true;
      queue.push(series);
      if (queue.length > queueSize) {
        const dropped = queue.shift();
        if (dropped !== undefined) dropped.queued = false;
        options.onDropped?.('queue full');
      }
      sending ??= Promise.resolve().then(sendAll);
    },
    async stop(timeoutMs = 2_000) {
      closing = true;
      const timer = setTimeout(() => stopper.abort(), timeoutMs);
      await sending;
      clearTimeout(timer);
    },
    get queued() {
      return queue.length;
    },
  };
}

function eventOf(series: Series, component: string): KubeObject & { readonly metadata: { readonly name: string } } {
  const { object, note, namespace } = series;
  const { name = '', uid, resourceVersion } = object.metadata;
  const event = {
    metadata: {
      name: `${name.slice(0, 230)}.${uniqueSuffix()}`,
      namespace,
      ...(note.annotations === undefined ? {} : { annotations: note.annotations }),
    },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      namespace: object.metadata.namespace,
      name,
      uid,
      resourceVersion,
    },
    type: note.type,
    reason: note.reason,
    message: note.message.length > 1_024 ? `${note.message.slice(0, 1_021)}...` : note.message,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    count: series.count,
    firstTimestamp: timestamp(series.firstAt),
    lastTimestamp: timestamp(series.lastAt),
  };
  return event;
}

let latestStamp = 0n;

/**
 * Time in hexadecimal, as the field's other recorders do it. Never the same and never less than the one before: lists come in the order of names, and that is the only
 * order that events of one second have.
 */
function uniqueSuffix(): string {
  const now = BigInt(Date.now()) * 1_000_000n;
  latestStamp = now > latestStamp ? now : latestStamp + 1n;
  return latestStamp.toString(16);
}

function putLast(map: Map<string, Series>, key: string, series: Series): void {
  map.delete(key);
  map.set(key, series);
  for (const oldest of map.keys()) {
    if (map.size <= maxSeries) break;
    map.delete(oldest);
  }
}

/** Event times have no fractions of a second. */
function timestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
