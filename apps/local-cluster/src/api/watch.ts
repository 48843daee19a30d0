// Watches: past events from the log, then live ones, each written once for all who watch the same.
import type { ServerResponse } from 'node:http';
import type { Buffer } from 'node:buffer';
import type { Clock } from '../clock.ts';
import { expired, StatusError } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { StoredEvent } from '../storage/table.ts';
import { jsonOf, watchLine } from './encode.ts';
import type { WatchFault } from './faults.ts';
import type { ApiRequest, Route } from './message.ts';
import { isTrue } from './message.ts';
import { negotiate } from './negotiate.ts';
import { apiVersionOf, fieldSelector, includeObject, revisionOf } from './read.ts';
import type { Served } from './read.ts';
import { selection } from './selectors.ts';
import { metadataText, tableBody, tableView } from './table.ts';

// A reader this far behind is cut off, as the API server does: it lists again and is up to date.
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 45 * 60_000;

export interface WatchSettings {
  readonly clock: Clock;
  readonly bookmarkEveryMs: number;
  /** The fault that holds for this watch now. */
  fault(): WatchFault | undefined;
}

export interface OpenWatch {
  readonly request: ApiRequest;
  readonly route: Route;
  /** Ends it as if the connection had broken. */
  drop(): void;
  /** Tells it that it is too old, and ends it. */
  expire(): void;
}

type Encode = (object: KubeObject) => string;

function encoder(served: Served, request: ApiRequest, route: Route): Encode {
  const { form } = negotiate(request.accept);
  if (form === 'object') return jsonOf;
  if (form === 'metadata') return metadataText;
  const include = includeObject(request);
  return (object) => {
    const view = tableView(served.definitions, route.info, route.ref.version, served.store.clock.now(), include);
    return tableBody(view, [object], { resourceVersion: object.metadata.resourceVersion });
  };
}

const lines = new WeakMap<StoredEvent, Map<string, Buffer>>();

/** The line of an event as everyone gets it who watches whole objects in one version. */
function sharedLine(event: StoredEvent, type: string, object: KubeObject): Buffer {
  let byKind = lines.get(event);
  if (!byKind) lines.set(event, (byKind = new Map()));
  const key = `${type} ${object.apiVersion}`;
  let line = byKind.get(key);
  if (!line) byKind.set(key, (line = watchLine(type, jsonOf(object))));
  return line;
}

/** Throws (before anything is sent) when the request cannot be read. */
export function prepareWatch(
  served: Served,
  request: ApiRequest,
  route: Route,
): (response: ServerResponse, settings: WatchSettings, closed: () => void) => OpenWatch {
  const predicate = selection(
    route.info,
    request.query.get('labelSelector') ?? undefined,
    fieldSelector(request, route),
  );
  const from = revisionOf(request);
  const encode = encoder(served, request, route);
  return (response, settings, closed) => {
    const { store } = served;
    let ended = false;
    let queue: Buffer[] = [];
    let flushing = false;
    const timers = new Set<{ cancel(): void }>();

    const flush = (): void => {
      flushing = false;
      if (ended || queue.length === 0) return;
      const batch = queue;
      queue = [];
      response.cork();
      for (const line of batch) response.write(line);
      response.uncork();
      if (response.writableLength > MAX_BUFFERED_BYTES) end();
    };
    const send = (line: Buffer): void => {
      const fault = settings.fault();
      if (fault?.watch === 'silent') return;
      if (fault?.watch === 'slow') {
        const timer = settings.clock.setTimeout(() => {
          timers.delete(timer);
          enqueue(line);
        }, fault.delayMs ?? 1000);
        timers.add(timer);
        return;
      }
      enqueue(line);
      if (fault?.watch === 'drop') {
        flush();
        end();
      }
    };
    const enqueue = (line: Buffer): void => {
      if (ended) return;
      queue.push(line);
      if (flushing) return;
      flushing = true;
      setImmediate(flush);
    };
    const end = (graceful = false): void => {
      if (ended) return;
      flush();
      ended = true;
      unsubscribe();
      for (const t of timers) t.cancel();
      if (graceful) response.end();
      else response.destroy();
      closed();
    };
    const fail = (error: StatusError): void => {
      enqueue(watchLine('ERROR', JSON.stringify(error.toStatus())));
      end(true);
    };
    const tell = (event: StoredEvent): void => {
      if (route.namespace !== undefined && event.object.metadata.namespace !== route.namespace) return;
      const now = event.type !== 'DELETED' && (predicate?.(event.object) ?? true);
      const before = event.previous !== undefined && (predicate?.(event.previous) ?? true);
      if (!now && !before) return;
      const type = now ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED';
      const object = store.as(event.object, route.ref);
      send(encode === jsonOf ? sharedLine(event, type, object) : watchLine(type, encode(object)));
    };
    const bookmark = (annotations?: Record<string, string>): void => {
      const metadata = {
        resourceVersion: String(store.revision()),
        creationTimestamp: null,
        ...(annotations ? { annotations } : {}),
      };
      send(watchLine('BOOKMARK', JSON.stringify({ kind: route.info.kind, apiVersion: apiVersionOf(route), metadata })));
    };
    const repeat = (fn: () => void, everyMs: number): void => {
      const timer = settings.clock.setTimeout(() => {
        timers.delete(timer);
        if (ended) return;
        fn();
        repeat(fn, everyMs);
      }, everyMs);
      timers.add(timer);
    };

    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
      'transfer-encoding': 'chunked',
    });
    response.flushHeaders();
    const unsubscribe = store.observe(route.ref, tell);
    const open: OpenWatch = {
      request,
      route,
      drop: () => end(),
      expire: () => fail(expired('too old resource version: the watch was told so by a fault')),
    };
    response.on('close', () => end());
    const initial = isTrue(request.query.get('sendInitialEvents'));
    if (from === undefined || initial)
      for (const o of store.list(route.ref, route.namespace))
        if (predicate?.(o) ?? true) send(watchLine('ADDED', encode(o)));
    if (initial) bookmark({ 'k8s.io/initial-events-end': 'true' });
    if (from !== undefined && !initial) {
      const past = from > store.revision() ? 'expired' : store.eventsAfter(route.ref, from);
      if (past === 'expired') {
        fail(expired(`too old resource version: ${from} (${store.revision()})`));
        return open;
      }
      for (const event of past) tell(event);
    }
    const bookmarks = isTrue(request.query.get('allowWatchBookmarks'));
    if (bookmarks) repeat(() => bookmark(), settings.bookmarkEveryMs);
    const seconds = Number(request.query.get('timeoutSeconds') ?? 0);
    const timer = settings.clock.setTimeout(
      () => {
        if (bookmarks) bookmark();
        end(true);
      },
      seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_MS,
    );
    timers.add(timer);
    return open;
  };
}
