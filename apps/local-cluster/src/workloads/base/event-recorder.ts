// Events as `kubectl describe` and `kubectl get events` show them. The same thing said again about the same object counts up
// one event instead of adding another; after an hour without news an event goes, as in a real cluster.
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { StatusError } from '../../storage/status-error.ts';
import type { KubeObject, Store } from '../../storage/store.ts';
import { keyOf } from './object-cache.ts';
import { events } from './resources.ts';
import { timestamp } from './time.ts';

export interface EventRecorder {
  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
  stop(): void;
}

const keptMs = 3_600_000;

interface Recorded {
  readonly namespace: string;
  readonly name: string;
  lastMs: number;
}

export function createEventRecorder(
  store: Store,
  clock: Clock,
  component: string,
  nextOrdinal: () => number,
): EventRecorder {
  // Ordered by lastMs: whatever is said again moves to the end.
  const recorded = new Map<string, Recorded>();
  let sweep: { cancel(): void } | undefined;

  const expire = (): void => {
    sweep = undefined;
    for (const [id, { namespace, name, lastMs }] of recorded) {
      if (lastMs + keptMs > clock.now()) {
        sweep = clock.setTimeout(expire, lastMs + keptMs - clock.now());
        return;
      }
      recorded.delete(id);
      store.remove(events, namespace, name);
    }
  };
  const countUp = (known: Recorded): boolean =>
    store.modify(events, known.namespace, known.name, (event) => {
      event.count = (event.count ?? 1) + 1;
      event.lastTimestamp = timestamp(clock.now());
    }) !== undefined;
  const add = (about: KubeObject, type: string, reason: string, message: string): Recorded => {
    const { namespace = 'default', name, uid, resourceVersion } = about.metadata;
    const now = timestamp(clock.now());
    // The suffix orders events of one second, and never repeats for one object.
    const suffix = (BigInt(clock.now()) * 4096n + BigInt(nextOrdinal() % 4096)).toString(16);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${suffix}`, namespace },
      involvedObject: {
        kind: about.kind,
        namespace: about.metadata.namespace,
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
      },
      reason,
      message,
      source: { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    };
    store.create(events, event as unknown as KubeObject);
    return { namespace, name: event.metadata.name, lastMs: clock.now() };
  };

  return {
    record(about, type, reason, message) {
      const id = createHash('sha1')
        .update([about.metadata.uid, keyOf(about), type, reason, message].join('\0'))
        .digest('base64');
      const known = recorded.get(id);
      recorded.delete(id);
      try {
        const kept = known && countUp(known) ? { ...known, lastMs: clock.now() } : add(about, type, reason, message);
        recorded.set(id, kept);
        sweep ??= clock.setTimeout(expire, keptMs);
      } catch (error) {
        // An event is a courtesy: a namespace that goes away refuses it, and the work goes on.
        if (!(error instanceof StatusError)) throw error;
      }
    },
    stop: () => sweep?.cancel(),
  };
}
