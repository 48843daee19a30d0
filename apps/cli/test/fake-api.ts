import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';

// A few objects behind the paths of an API server: enough for one command to read, patch, replace and watch them, with a record of
// what it wrote. The real rules (validation, subresources, selectors, garbage collection) are the local cluster's, and tested there.

export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string; [field: string]: unknown };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look at any field
  [field: string]: any;
}

export interface Write {
  readonly method: string;
  /** Below the namespace, e.g. `rollouts/shop/status`. */
  readonly path: string;
  readonly contentType: string;
  readonly body: unknown;
}

/** An answer that stands in for the object's own: `GET rollouts/shop` → 403. Used once if `times` says so. */
export interface Refusal {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly reason: string;
  readonly message?: string;
  times?: number;
}

export interface FakeApi {
  readonly kubeconfig: string;
  readonly writes: Write[];
  /** All requests, as `METHOD path?query`. */
  readonly requests: string[];
  refuse(refusal: Refusal): void;
  get(kind: string, name: string): StoredObject;
  /** Changes an object and tells the watches. */
  change(kind: string, name: string, edit: (object: StoredObject) => void): void;
  remove(kind: string, name: string): void;
  close(): Promise<void>;
}

const PLURALS: Record<string, string> = {
  Rollout: 'rollouts',
  ReplicaSet: 'replicasets',
  Pod: 'pods',
  Experiment: 'experiments',
  AnalysisRun: 'analysisruns',
  AnalysisTemplate: 'analysistemplates',
  ClusterAnalysisTemplate: 'clusteranalysistemplates',
  Deployment: 'deployments',
  PodTemplate: 'podtemplates',
  Service: 'services',
  Ingress: 'ingresses',
  Lease: 'leases',
};

export async function startFakeApi(objects: readonly StoredObject[], namespace = 'shop'): Promise<FakeApi> {
  let version = 1000;
  const stored = new Map<string, StoredObject>();
  const writes: Write[] = [];
  const requests: string[] = [];
  const refusals: Refusal[] = [];
  const watches = new Set<{ plural: string; response: http.ServerResponse }>();

  const keyOf = (plural: string, name: string) => `${plural}/${name}`;
  const tell = (type: string, plural: string, object: StoredObject) => {
    for (const watch of watches)
      if (watch.plural === plural) watch.response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const put = (plural: string, object: StoredObject) => {
    const key = keyOf(plural, object.metadata.name);
    const type = stored.has(key) ? 'MODIFIED' : 'ADDED';
    stored.set(key, { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
    tell(type, plural, stored.get(key) as StoredObject);
    return stored.get(key) as StoredObject;
  };
  for (const object of objects) {
    put(PLURALS[object.kind] ?? '', {
      ...object,
      metadata: { ...object.metadata, ...(object.kind.startsWith('Cluster') ? {} : { namespace }) },
    });
  }

  const server = http.createServer((request, response) => {
    void readBody(request).then((body) => answer(request, body, response));
  });

  function answer(request: http.IncomingMessage, body: unknown, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? '';
    // /apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>/<subresource>, or without the namespace.
    const parts = url.pathname.split('/').slice(url.pathname.startsWith('/apis/') ? 4 : 3);
    const [plural = '', name, subresource] = parts[0] === 'namespaces' ? parts.slice(2) : parts;
    const path = [plural, name, subresource].filter((part) => part !== undefined).join('/');
    requests.push(`${method} ${path}${url.search}`);
    if (method !== 'GET') writes.push({ method, path, contentType: request.headers['content-type'] ?? '', body });

    const refusal = refusals.find(
      (candidate) => candidate.method === method && candidate.path === path && (candidate.times ?? 1) > 0,
    );
    if (refusal !== undefined) {
      if (refusal.times !== undefined) refusal.times -= 1;
      return send(
        response,
        refusal.status,
        failure(refusal.status, refusal.reason, refusal.message ?? refusal.reason, name),
      );
    }
    if (name === undefined)
      return method === 'POST'
        ? send(response, 201, put(plural, named(body as StoredObject)))
        : list(plural, url, response);
    const object = stored.get(keyOf(plural, name));
    if (object === undefined)
      return send(response, 404, failure(404, 'NotFound', `${plural}.argoproj.io "${name}" not found`, name));
    if (method === 'GET') return send(response, 200, object);
    if (method === 'PATCH')
      return send(response, 200, put(plural, patched(object, request.headers['content-type'] ?? '', body)));
    if (method === 'PUT') {
      const replacement = body as StoredObject;
      const isStale = replacement.metadata.resourceVersion !== object.metadata.resourceVersion;
      return isStale
        ? send(response, 409, failure(409, 'Conflict', 'the object has been modified', name))
        : send(response, 200, put(plural, replacement));
    }
    send(response, 405, failure(405, 'MethodNotAllowed', `${method} is not allowed`, name));
  }

  function list(plural: string, url: URL, response: http.ServerResponse): void {
    const name = /^metadata\.name=(.*)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1];
    const label = url.searchParams.get('labelSelector');
    const items = [...stored]
      .filter(([key]) => key.startsWith(`${plural}/`))
      .map(([, object]) => object)
      .filter((object) => name === undefined || object.metadata.name === name)
      .filter((object) => label === null || label in ((object.metadata.labels as object | undefined) ?? {}));
    if (url.searchParams.get('watch') !== 'true') {
      return send(response, 200, { kind: 'List', metadata: { resourceVersion: String(version) }, items });
    }
    const watch = { plural, response };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watches.add(watch);
    response.on('close', () => watches.delete(watch));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, namespace));
  const stored1 = (kind: string, name: string): StoredObject => {
    const object = stored.get(keyOf(PLURALS[kind] ?? '', name));
    if (object === undefined) throw new Error(`no ${kind} ${name}`);
    return object;
  };
  return {
    kubeconfig,
    writes,
    requests,
    refuse: (refusal) => void refusals.push(refusal),
    get: stored1,
    change(kind, name, edit) {
      const object = structuredClone(stored1(kind, name));
      edit(object);
      put(PLURALS[kind] ?? '', object);
    },
    remove(kind, name) {
      const plural = PLURALS[kind] ?? '';
      const object = stored1(kind, name);
      stored.delete(keyOf(plural, name));
      tell('DELETED', plural, { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
    },
    async close() {
      rmSync(directory, { recursive: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function kubeconfigFor(server: string, namespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace } }],
    clusters: [{ name: 'fake', cluster: { server } }],
    users: [{ name: 'fake', user: {} }],
  });
}

function named(object: StoredObject): StoredObject {
  const generateName = object.metadata.generateName as string | undefined;
  const name = object.metadata.name ?? `${generateName ?? ''}x7k2p`;
  return { ...object, metadata: { ...object.metadata, name } };
}

function patched(object: StoredObject, contentType: string, body: unknown): StoredObject {
  if (contentType !== 'application/json-patch+json') return mergePatched(object, body) as StoredObject;
  const result = structuredClone(object);
  for (const { op, path, value } of body as { op: string; path: string; value: unknown }[]) {
    if (op !== 'replace') throw new Error(`the fake knows no ${op}`);
    const fields = path.split('/').slice(1);
    const last = fields.pop() ?? '';
    const parent = fields.reduce<Record<string, unknown>>((at, field) => at[field] as Record<string, unknown>, result);
    parent[last] = value;
  }
  return result;
}

/** RFC 7386. */
function mergePatched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = mergePatched(result[field], value);
  }
  return result;
}

function failure(code: number, reason: string, message: string, name: string | undefined): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message,
    details: { ...(name === undefined ? {} : { name }) },
  };
}

function send(response: http.ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown);
}
