import { connect } from './connection.ts';
import type { Connection, ConnectionOptions } from './connection.ts';
import { KubeError, isKubeError } from './errors.ts';
import { apiVersionOf, pathOf } from './resources.ts';
import type { KubeObject, ObjectKey, RawObject, ResourceRef } from './resources.ts';
import { createTransport } from './transport.ts';
import type { Answer, CallObservation, CallOptions, Request } from './transport.ts';
import { readWatch } from './watch-stream.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface ClientOptions extends ConnectionOptions {
  /** Sent as User-Agent and as default fieldManager: its part before the first `/`. `sluice` when absent. */
  readonly userAgent?: string;
  /** Deadline of a call that names none, in milliseconds: 30,000. */
  readonly defaultTimeoutMs?: number;
  /** Calls a second that this client starts, and how many at once; unlimited when absent. */
  readonly qps?: number;
  readonly burst?: number;
  /** Called after every call (watches: when they are open), for metrics. Must not throw. */
  readonly onCall?: (call: CallObservation) => void;
}

export interface Selectors {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selectors, CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** Objects in one answer: 500. A list longer than that takes several calls over one consistent snapshot. */
  readonly pageSize?: number;
  /** `0` asks for what the server has cached; absent asks for the newest. */
  readonly resourceVersion?: string;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  /** The version of the whole list: watch from here. */
  readonly resourceVersion: string;
}

export interface WriteOptions extends CallOptions {
  /** Asks the server to validate, default and answer without storing. */
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** `status` or `scale`. */
  readonly subresource?: string;
}

/** `merge` is RFC 7386, `json` RFC 6902 (body: array), `strategic` Kubernetes' own for built-in kinds, `apply` server-side apply. */
export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

export interface PatchOptions extends WriteOptions {
  /** Only if the object is still at this version, else KubeError `Conflict`. For merge, strategic and apply patches. */
  readonly resourceVersion?: string;
  /** With `apply`: take fields over from other managers. */
  readonly force?: boolean;
}

export interface RemoveOptions extends CallOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  /** Only if it is still this object, at this version; else KubeError `Conflict`. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun?: boolean;
}

export interface WatchOptions extends Selectors {
  readonly namespace?: string;
  /** Where to go on from; absent or `0`: first the objects there are, as ADDED. */
  readonly resourceVersion?: string;
  /** The server ends the stream after so long: 290. */
  readonly timeoutSeconds?: number;
  /** Silence after which the stream is taken for dead; `timeoutSeconds` and 15 s when absent. */
  readonly idleTimeoutMs?: number;
  readonly bookmarks?: boolean;
  readonly signal?: AbortSignal;
  /** Called once the server has accepted the watch. */
  readonly onOpen?: () => void;
}

/** Reads and writes objects as plain JSON. Every method throws KubeError; see `errors.ts` for what to branch on. */
export interface KubeClient {
  /** The namespace of the kubeconfig's context (or option); calls never add it by themselves. */
  readonly namespace: string;
  /** The server's address and where it was found, for people. */
  readonly server: string;
  readonly source: string;
  get<T extends KubeObject = RawObject>(
    ref: ResourceRef,
    key: ObjectKey,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  /** As `get`, but undefined instead of NotFound. */
  find<T extends KubeObject = RawObject>(
    ref: ResourceRef,
    key: ObjectKey,
    options?: CallOptions,
  ): Promise<T | undefined>;
  /** All objects, through all pages. Items carry apiVersion and kind, which servers leave out of lists. */
  list<T extends KubeObject = RawObject>(ref: ResourceRef, options?: ListOptions): Promise<ListPage<T>>;
  /** The same page by page, so that a caller can keep less than it reads. KubeError `Expired` when the snapshot went away between pages. */
  pages<T extends KubeObject = RawObject>(
    ref: ResourceRef,
    options?: ListOptions,
  ): AsyncGenerator<ListPage<T>, void, undefined>;
  /** The object's own metadata says where; AlreadyExists when it is there. */
  create<T extends KubeObject = RawObject>(ref: ResourceRef, object: T, options?: WriteOptions): Promise<T>;
  /** PUT; the object's metadata.resourceVersion is the precondition (Conflict). */
  replace<T extends KubeObject = RawObject>(ref: ResourceRef, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject = RawObject>(
    ref: ResourceRef,
    key: ObjectKey,
    type: PatchType,
    body: unknown,
    options?: PatchOptions,
  ): Promise<T>;
  /** Answers when the server has accepted; finalizers may still hold the object. NotFound when it is not there. */
  remove(ref: ResourceRef, key: ObjectKey, options?: RemoveOptions): Promise<void>;
  /** Events until the server ends the stream. No restarts: that is what an informer is for. */
  watch<T extends KubeObject = RawObject>(
    ref: ResourceRef,
    options?: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined>;
  /** Any other path, e.g. `/version` or a pod's log. */
  raw(request: Request): Promise<Answer>;
  /** The token that this client shows; undefined where it proves who it is in another way. */
  bearerToken(): Promise<string | undefined>;
  /** Closes all connections; calls under way fail. */
  close(): void;
}

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Finds the server (see ConnectionOptions) and makes a client. Sends nothing yet. Throws KubeError `Config`. */
export async function createClient(options: ClientOptions = {}): Promise<KubeClient> {
  return clientOver(await connect(options), options);
}

/** A client over a connection that the caller has made. */
export function clientOver(connection: Connection, options: ClientOptions = {}): KubeClient {
  const userAgent = options.userAgent ?? 'sluice';
  const fieldManager = userAgent.split('/')[0] ?? 'sluice';
  const transport = createTransport(connection, {
    ...options,
    userAgent,
    defaultTimeoutMs: options.defaultTimeoutMs ?? 30_000,
  });

  const write = async <T>(request: Request, options: WriteOptions): Promise<T> => {
    const { dryRun, fieldValidation } = options;
    const query = {
      ...request.query,
      fieldManager: options.fieldManager ?? fieldManager,
      fieldValidation,
      ...(dryRun === true ? { dryRun: 'All' } : {}),
    };
    return (await transport.call({ ...request, ...callOptions(options), query })).body as T;
  };

  async function* pages<T extends KubeObject>(
    ref: ResourceRef,
    options: ListOptions = {},
  ): AsyncGenerator<ListPage<T>, void, undefined> {
    let token: string | undefined;
    do {
      const query = {
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        limit: options.pageSize ?? 500,
        // A continue token fixes the version: servers refuse both at once.
        ...(token === undefined ? { resourceVersion: options.resourceVersion } : { continue: token }),
      };
      const path = pathOf(ref, collectionOf(options.namespace));
      const body = (await transport.call({ method: 'GET', path, query, ...callOptions(options) })).body as ListBody;
      if (!Array.isArray(body?.items))
        throw new KubeError({ code: 'Protocol', message: `GET ${path}: the answer is not a list` });
      token = body.metadata?.continue === '' ? undefined : body.metadata?.continue;
      const named = { apiVersion: apiVersionOf(ref), kind: ref.kind };
      yield {
        items: body.items.map((item) => ({ ...named, ...item }) as unknown as T),
        resourceVersion: body.metadata?.resourceVersion ?? '',
      };
    } while (token !== undefined);
  }

  const client: KubeClient = {
    namespace: connection.namespace,
    server: connection.server.href,
    source: connection.source,
    async get<T extends KubeObject>(
      ref: ResourceRef,
      key: ObjectKey,
      options: CallOptions & { readonly subresource?: string } = {},
    ) {
      return (
        await transport.call({
          method: 'GET',
          path: objectPath(ref, key, options.subresource),
          ...callOptions(options),
        })
      ).body as T;
    },
    async find<T extends KubeObject>(ref: ResourceRef, key: ObjectKey, options: CallOptions = {}) {
      try {
        return await client.get<T>(ref, key, options);
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    async list<T extends KubeObject>(ref: ResourceRef, options: ListOptions = {}) {
      const items: T[] = [];
      let resourceVersion = '';
      for await (const page of pages<T>(ref, options)) {
        for (const item of page.items) items.push(item);
        resourceVersion = page.resourceVersion;
      }
      return { items, resourceVersion };
    },
    pages,
    create: (ref, object, options = {}) => {
      const key = { namespace: requiredNamespace(ref, object.metadata) };
      const path =
        options.subresource === undefined
          ? pathOf(ref, collectionOf(key.namespace))
          : objectPath(ref, object.metadata, options.subresource);
      return write(
        { method: 'POST', path, body: { apiVersion: apiVersionOf(ref), kind: ref.kind, ...object } },
        options,
      );
    },
    replace: (ref, object, options = {}) =>
      write(
        {
          method: 'PUT',
          path: objectPath(ref, object.metadata, options.subresource),
          body: { apiVersion: apiVersionOf(ref), kind: ref.kind, ...object },
        },
        options,
      ),
    patch: (ref, key, type, body, options = {}) => {
      const path = objectPath(ref, key, options.subresource);
      const query = options.force === true ? { force: true } : {};
      // Replaying a JSON patch appends or tests twice; the others set the same values again.
      const repeat = type === 'json' ? 'unsent' : 'always';
      return write(
        {
          method: 'PATCH',
          path,
          query,
          body: withPrecondition(type, body, options),
          contentType: patchContentTypes[type],
          repeat,
        },
        options,
      );
    },
    async remove(ref, key, options = {}) {
      const { propagationPolicy, gracePeriodSeconds, uid, resourceVersion, dryRun } = options;
      const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy,
        gracePeriodSeconds,
        preconditions,
        ...(dryRun === true ? { dryRun: ['All'] } : {}),
      };
      await transport.call({ method: 'DELETE', path: objectPath(ref, key), body, ...callOptions(options) });
    },
    watch: (ref, options = {}) => watch(transport.open, ref, options),
    raw: (request) => transport.call(request),
    async bearerToken() {
      const { authorization } = await connection.headers();
      return /^Bearer (\S+)$/.exec(String(authorization))?.[1];
    },
    close: () => connection.close(),
  };
  return client;
}

interface ListBody {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly object[];
}

async function* watch<T extends KubeObject>(
  open: (request: Request) => ReturnType<ReturnType<typeof createTransport>['open']>,
  ref: ResourceRef,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const timeoutSeconds = options.timeoutSeconds ?? 290;
  const path = pathOf(ref, collectionOf(options.namespace));
  const query = {
    watch: true,
    allowWatchBookmarks: options.bookmarks ?? true,
    timeoutSeconds,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
  };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const answer = await open({ method: 'GET', path, query, ...signal });
  options.onOpen?.();
  yield* readWatch<T>(answer, {
    call: `WATCH ${path}`,
    idleTimeoutMs: options.idleTimeoutMs ?? timeoutSeconds * 1000 + 15_000,
    ...signal,
  });
}

function callOptions(options: CallOptions): CallOptions {
  return {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
}

function collectionOf(namespace: string | undefined): ObjectKey {
  return namespace === undefined ? {} : { namespace };
}

function requiredNamespace(ref: ResourceRef, key: ObjectKey): string | undefined {
  if (!ref.namespaced) return undefined;
  if (key.namespace === undefined || key.namespace === '') {
    throw new KubeError({
      code: 'Usage',
      message: `${ref.kind} ${key.name ?? ''} needs a namespace: give metadata.namespace (client.namespace is the default one).`,
    });
  }
  return key.namespace;
}

function objectPath(ref: ResourceRef, key: ObjectKey, subresource?: string): string {
  const namespace = requiredNamespace(ref, key);
  if (key.name === undefined || key.name === '')
    throw new KubeError({ code: 'Usage', message: `a call on one ${ref.kind} needs its name.` });
  // Names come from manifests: in a path, these would be the address of another object.
  if (key.name === '.' || key.name === '..' || /[/%]/.test(key.name))
    throw new KubeError({ code: 'Usage', message: `no ${ref.kind} can be named "${key.name}".` });
  return pathOf(ref, { ...collectionOf(namespace), name: key.name }, subresource);
}

function withPrecondition(type: PatchType, body: unknown, options: PatchOptions): unknown {
  if (options.resourceVersion === undefined) return body;
  // Set, not tested: a failed test is answered with Invalid, an old version with Conflict.
  if (type === 'json')
    return [
      { op: 'replace', path: '/metadata/resourceVersion', value: options.resourceVersion },
      ...(body as readonly unknown[]),
    ];
  const patch = body as { readonly metadata?: object };
  return { ...patch, metadata: { ...patch.metadata, resourceVersion: options.resourceVersion } };
}
