import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { homedir } from 'node:os';
import path from 'node:path';
import { credentialsOf } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { KubeError } from './errors.ts';
import { mergeKubeconfigs, parseKubeconfig, selectContext } from './kubeconfig.ts';
import type { Kubeconfig, SelectedContext } from './kubeconfig.ts';

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How to reach a server and as whom; all fields optional. The order is kubectl's: `kubeconfig`, $KUBECONFIG, ~/.kube/config, the pod's service account. */
export interface ConnectionOptions {
  /** Path of a kubeconfig file. A file that is named but missing is an error; the default places may be empty. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig; its current-context when absent. */
  readonly context?: string;
  /** Default namespace of the client; the context's, the service account's, or `default` when absent. */
  readonly namespace?: string;
  /** Shows this token, and nothing of what the kubeconfig says about its user: no certificate either, which would count before the token. */
  readonly token?: string;
  /** Acts as somebody else (kubectl's --as and --as-group). */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] };
}

/** A server to talk to, with one keep-alive agent for all calls and watches. */
export interface Connection {
  readonly server: URL;
  readonly namespace: string;
  /** Where the configuration came from, for error texts and logs: a path, or `in-cluster`. */
  readonly source: string;
  readonly agent: http.Agent;
  /** Authentication headers for the next call; may run an exec plugin or read a rotated token. Throws KubeError `Config`. */
  headers(): Promise<Readonly<Record<string, string | string[]>>>;
  close(): void;
}

/** Finds the configuration and prepares the connection; nothing is sent yet. Throws KubeError `Config` that says which file and what is wrong with it. */
export async function connect(options: ConnectionOptions = {}): Promise<Connection> {
  const { config, source } = findKubeconfig(options);
  const selected = selectedBy(options, selectContext(config, options.context, source), source);
  const server = parseServer(selected, source);
  const credentials = await credentialsOf(config, selected, source);
  const agent = credentials.agent ?? createAgent(server, selected, credentials, source);
  const impersonation = impersonationHeaders(options, selected);
  return {
    server,
    namespace: options.namespace ?? selected.namespace ?? 'default',
    source,
    agent,
    async headers() {
      return { ...(await credentials.headers()), ...impersonation };
    },
    close() {
      agent.destroy();
    },
  };
}

function selectedBy({ token }: ConnectionOptions, selected: SelectedContext, source: string): SelectedContext {
  if (token === undefined) return selected;
  if (selected.cluster.proxyUrl !== undefined)
    throw new KubeError({ code: 'Config', message: `${source}: a token of its own does not go through proxy-url` });
  return { ...selected, user: { name: 'token', token } };
}

function findKubeconfig(options: ConnectionOptions): { config: Kubeconfig; source: string } {
  if (options.kubeconfig !== undefined)
    return { config: readKubeconfig(options.kubeconfig), source: options.kubeconfig };
  const fromEnvironment = (process.env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  if (fromEnvironment.length > 0) {
    const present = fromEnvironment
      .map((file) => readKubeconfig(file, fromEnvironment.length > 1))
      .filter((config) => config !== undefined);
    if (present.length > 0) return { config: mergeKubeconfigs(present), source: fromEnvironment.join(path.delimiter) };
  }
  const standard = path.join(homedir(), '.kube', 'config');
  const config = readKubeconfig(standard, true);
  if (config !== undefined) return { config, source: standard };
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  if (host !== undefined && host !== '') return { config: inClusterConfig(host), source: 'in-cluster' };
  throw new KubeError({
    code: 'Config',
    message: `no cluster configured: $KUBECONFIG is not set, ${standard} does not exist and this is not a pod. Give a kubeconfig file or set KUBECONFIG.`,
  });
}

function readKubeconfig(file: string): Kubeconfig;
function readKubeconfig(file: string, mayBeMissing: boolean): Kubeconfig | undefined;
function readKubeconfig(file: string, mayBeMissing = false): Kubeconfig | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (mayBeMissing && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KubeError({
      code: 'Config',
      message: `kubeconfig ${file} cannot be read: ${(cause as Error).message}`,
      cause,
    });
  }
  return parseKubeconfig(text, file);
}

function inClusterConfig(host: string): Kubeconfig {
  const port = process.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  let namespace: string | undefined;
  try {
    namespace = readFileSync(path.join(serviceAccount, 'namespace'), 'utf8').trim();
  } catch {
    // The file is optional: without it the default namespace is `default`, as for kubectl.
  }
  return {
    currentContext: 'in-cluster',
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'in-cluster', ...(namespace ? { namespace } : {}) }],
    clusters: [{ name: 'in-cluster', server: `https://${authority}`, caFile: path.join(serviceAccount, 'ca.crt') }],
    users: [{ name: 'in-cluster', tokenFile: path.join(serviceAccount, 'token') }],
  };
}

function parseServer(selected: SelectedContext, source: string): URL {
  const text = selected.cluster.server;
  try {
    const server = new URL(text.includes('://') ? text : `https://${text}`);
    if (server.protocol !== 'http:' && server.protocol !== 'https:')
      throw new TypeError('the scheme must be http or https');
    return server;
  } catch (cause) {
    throw new KubeError({
      code: 'Config',
      message: `${source}: cluster "${selected.cluster.name}" has server "${text}", which is not a URL. Write e.g. https://host:6443.`,
      cause,
    });
  }
}

function createAgent(server: URL, selected: SelectedContext, credentials: Credentials, source: string): http.Agent {
  // Watches hold one socket each, so the number of sockets is left to the callers; idle ones are few and closed before load balancers drop them.
  const pool = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 32, timeout: 0 } as const;
  if (server.protocol === 'http:') return new http.Agent(pool);
  const { cluster } = selected;
  try {
    return new https.Agent({
      ...pool,
      ...(cluster.caFile === undefined ? {} : { ca: readFileSync(cluster.caFile) }),
      ...(cluster.caData === undefined ? {} : { ca: cluster.caData }),
      ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
      ...(cluster.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
      ...credentials.tls,
    });
  } catch (cause) {
    throw new KubeError({
      code: 'Config',
      message: `${source}: cluster "${cluster.name}": ${(cause as Error).message}`,
      cause,
    });
  }
}

function impersonationHeaders(
  options: ConnectionOptions,
  selected: SelectedContext,
): Record<string, string | string[]> {
  const user = options.impersonate?.user ?? selected.user.impersonateUser;
  if (user === undefined) return {};
  const groups = options.impersonate?.groups ?? selected.user.impersonateGroups ?? [];
  return { 'impersonate-user': user, ...(groups.length === 0 ? {} : { 'impersonate-group': [...groups] }) };
}
