// Watches: past events from the log, then live ones, each written once for all who watch the same.
import type { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { expired } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { StoredEvent } from '../storage/table.ts';
import { jsonOf, watchLine } from './encode.ts';
import type { ApiRequest, Route } from './message.ts';
import { isTrue } from './message.ts';
import { negotiate } from './negotiate.ts';
import { apiVersionOf, fieldSelector, includeObject, revisionOf } from './read.ts';
import type { Served } from './read.ts';
import type { Predicate } from './selectors.ts';
import { selection } from './selectors.ts';
import { metadataText, tableBody, tableView } from './table.ts';
import type { StreamSettings, WatchStream } from './watch-stream.ts';
import { openStream } from './watch-stream.ts';

const DEFAULT_TIMEOUT_MS = 45 * 60_000;

export interface WatchSettings extends StreamSettings {
  readonly bookmarkEveryMs: number;
}

export interface OpenWatch {
  readonly request: ApiRequest;
  readonly route: Route;
  /** Ends it as if the connection had broken. */
  drop(): void;
  /** Tells it that it is too old, and ends it. */
  expire(): void;
}

/** Starts a watch on a response; `closed` is called once, when it has ended. */
export type StartWatch = (response: ServerResponse, settings: WatchSettings, closed: () => void) => OpenWatch;

/** What a request asks for, read before anything is answered. */
interface Asked {
  readonly served: Served;
  readonly request: ApiRequest;
  readonly route: Route;
  readonly predicate: Predicate | undefined;
  /** The revision behind which it starts; undefined: with all that is there. */
  readonly from: number | undefined;
  readonly bookmarks: boolean;
  readonly initial: boolean;
  readonly timeoutMs: number;
  readonly encode: (object: KubeObject) => string;
}

/** Throws (before anything is sent) when the request cannot be read. */
export function prepareWatch(served: Served, request: ApiRequest, route: Route): StartWatch {
  const { query } = request;
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const asked: Asked = {
    served,
    request,
    route,
    predicate: selection(route.info, query.get('labelSelector') ?? undefined, fieldSelector(request, route)),
    from: revisionOf(request),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    initial: isTrue(query.get('sendInitialEvents')),
    timeoutMs: seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_MS,
    encode: encoder(served, request, route),
  };
  return (response, settings, closed) => start(asked, response, settings, closed);
}

function start(asked: Asked, response: ServerResponse, settings: WatchSettings, closed: () => void): OpenWatch {
  const { served, request, route, bookmarks } = asked;
  let unsubscribe = (): void => undefined;
  const stream = openStream(response, settings, () => {
    unsubscribe();
    closed();
  });
  const tell = teller(asked, stream);
  unsubscribe = served.store.observe(route.ref, tell);
  if (begin(asked, stream, tell)) {
    if (bookmarks) stream.every(settings.bookmarkEveryMs, () => bookmark(asked, stream));
    stream.after(asked.timeoutMs, () => {
      if (bookmarks) bookmark(asked, stream);
      stream.end(true);
    });
  }
  return {
    request,
    route,
    drop: () => stream.end(),
    expire: () => stream.fail(expired('too old resource version: the watch was told so by a fault')),
  };
}

/** What is sent first: the state, or the past. False when the past is forgotten, and the watch over. */
function begin(asked: Asked, stream: WatchStream, tell: (event: StoredEvent) => void): boolean {
  const { served, route, predicate, from, initial, encode } = asked;
  const { store } = served;
  if (from === undefined || initial) {
    for (const o of store.list(route.ref, route.namespace))
      if (predicate?.(o) ?? true) stream.send(watchLine('ADDED', encode(o)));
    if (initial) bookmark(asked, stream, { 'k8s.io/initial-events-end': 'true' });
    return true;
  }
  // A version from the future is none of this cluster's: whoever has it knew another one.
  const past = from > store.revision() ? 'expired' : store.eventsAfter(route.ref, from);
  if (past === 'expired') {
    stream.fail(expired(`too old resource version: ${from} (${store.revision()})`));
    return false;
  }
  past.forEach(tell);
  return true;
}

function teller({ served, route, predicate, encode }: Asked, stream: WatchStream): (event: StoredEvent) => void {
  return (event) => {
    if (route.namespace !== undefined && event.object.metadata.namespace !== route.namespace) return;
    const now = event.type !== 'DELETED' && (predicate?.(event.object) ?? true);
    const before = event.previous !== undefined && (predicate?.(event.previous) ?? true);
    if (!now && !before) return;
    // Coming into the selector's view looks like being made, and going out of it like being deleted.
    const type = now ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED';
    const object = served.store.as(event.object, route.ref);
    stream.send(encode === jsonOf ? sharedLine(event, type, object) : watchLine(type, encode(object)));
  };
}

function bookmark({ served, route }: Asked, stream: WatchStream, annotations?: Record<string, string>): void {
  const resourceVersion = String(served.store.revision());
  const metadata = { resourceVersion, creationTimestamp: null, ...(annotations ? { annotations } : {}) };
  stream.send(
    watchLine('BOOKMARK', JSON.stringify({ kind: route.info.kind, apiVersion: apiVersionOf(route), metadata })),
  );
}

function encoder(served: Served, request: ApiRequest, route: Route): Asked['encode'] {
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
