import path from 'node:path';
import { parse } from 'yaml';
import { KubeError } from './errors.ts';

export interface KubeconfigCluster {
  readonly name: string;
  readonly server: string;
  readonly caFile?: string;
  readonly caData?: Buffer;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
}

export interface KubeconfigUser {
  readonly name: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly certFile?: string;
  readonly certData?: Buffer;
  readonly keyFile?: string;
  readonly keyData?: Buffer;
  readonly username?: string;
  readonly password?: string;
  readonly impersonateUser?: string;
  readonly impersonateGroups?: readonly string[];
  /** True for exec plugins and auth providers, which `@kubernetes/client-node` runs. */
  readonly external?: boolean;
}

export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

/** A kubeconfig with file names made absolute and base64 decoded. `text` and `directory` are what it was read from, for `@kubernetes/client-node`. */
export interface Kubeconfig {
  readonly currentContext?: string;
  readonly contexts: readonly KubeconfigContext[];
  readonly clusters: readonly KubeconfigCluster[];
  readonly users: readonly KubeconfigUser[];
  readonly files?: readonly string[];
}

export interface SelectedContext {
  readonly context: string;
  readonly namespace: string | undefined;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
}

type Entry = { readonly name?: unknown; readonly [part: string]: unknown };
type Fields = Readonly<Record<string, unknown>>;

/** Reads one kubeconfig; relative files in it are relative to the kubeconfig. Throws KubeError `Config`. */
export function parseKubeconfig(text: string, file: string): Kubeconfig {
  let document: Fields;
  try {
    document = (parse(text) ?? {}) as Fields;
  } catch (cause) {
    throw new KubeError({
      code: 'Config',
      message: `kubeconfig ${file} is not YAML: ${(cause as Error).message}`,
      cause,
    });
  }
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new KubeError({
      code: 'Config',
      message: `kubeconfig ${file} is not a mapping with clusters, contexts and users.`,
    });
  }
  const directory = path.dirname(path.resolve(file));
  const current = textOf(document['current-context']);
  return {
    ...(current === undefined ? {} : { currentContext: current }),
    contexts: entries(document['contexts'], 'context', toContext),
    clusters: entries(document['clusters'], 'cluster', (name, fields) => toCluster(name, fields, directory)),
    users: entries(document['users'], 'user', (name, fields) => toUser(name, fields, directory)),
    files: [path.resolve(file)],
  };
}

/** As kubectl merges: the first file that sets a name, or the current context, wins. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const current = configs.find((config) => config.currentContext !== undefined)?.currentContext;
  return {
    ...(current === undefined ? {} : { currentContext: current }),
    contexts: firstByName(configs.flatMap((config) => config.contexts)),
    clusters: firstByName(configs.flatMap((config) => config.clusters)),
    users: firstByName(configs.flatMap((config) => config.users)),
    files: configs.flatMap((config) => config.files ?? []),
  };
}

/** The cluster and user of a context. Throws KubeError `Config` that lists the contexts there are. */
export function selectContext(config: Kubeconfig, wanted: string | undefined, source: string): SelectedContext {
  const name = wanted ?? config.currentContext;
  const known = config.contexts.map((context) => context.name).join(', ') || 'none';
  if (name === undefined || name === '') {
    throw new KubeError({
      code: 'Config',
      message: `${source} has no current-context. Name one of its contexts: ${known}.`,
    });
  }
  const context = config.contexts.find((candidate) => candidate.name === name);
  if (context === undefined)
    throw new KubeError({ code: 'Config', message: `${source} has no context "${name}". It has: ${known}.` });
  const cluster = config.clusters.find((candidate) => candidate.name === context.cluster);
  if (cluster === undefined) {
    throw new KubeError({
      code: 'Config',
      message: `${source}: context "${name}" names cluster "${context.cluster}", which it does not define.`,
    });
  }
  // A context without a user is anonymous, as for kubectl.
  const user = config.users.find((candidate) => candidate.name === context.user) ?? { name: context.user };
  return { context: name, namespace: context.namespace, cluster, user };
}

function toContext(name: string, fields: Fields): KubeconfigContext {
  const namespace = textOf(fields['namespace']);
  return {
    name,
    cluster: textOf(fields['cluster']) ?? '',
    user: textOf(fields['user']) ?? '',
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function toCluster(name: string, fields: Fields, directory: string): KubeconfigCluster {
  const caData = dataOf(fields['certificate-authority-data']);
  return compact({
    name,
    server: textOf(fields['server']) ?? '',
    // Data wins over a file of the same name, as for kubectl.
    caFile: caData === undefined ? fileOf(fields['certificate-authority'], directory) : undefined,
    caData,
    insecureSkipTlsVerify: fields['insecure-skip-tls-verify'] === true ? true : undefined,
    tlsServerName: textOf(fields['tls-server-name']),
    proxyUrl: textOf(fields['proxy-url']),
  });
}

function toUser(name: string, fields: Fields, directory: string): KubeconfigUser {
  return compact({
    name,
    token: textOf(fields['token']),
    tokenFile: fileOf(fields['tokenFile'], directory),
    certFile: fileOf(fields['client-certificate'], directory),
    certData: dataOf(fields['client-certificate-data']),
    keyFile: fileOf(fields['client-key'], directory),
    keyData: dataOf(fields['client-key-data']),
    username: textOf(fields['username']),
    password: textOf(fields['password']),
    impersonateUser: textOf(fields['as']),
    impersonateGroups: Array.isArray(fields['as-groups']) ? fields['as-groups'].map(String) : undefined,
    external: fields['exec'] != null || fields['auth-provider'] != null ? true : undefined,
  });
}

function entries<T>(list: unknown, part: string, convert: (name: string, fields: Fields) => T): T[] {
  if (!Array.isArray(list)) return [];
  return (list as Entry[]).map((entry) => convert(String(entry?.name ?? ''), (entry?.[part] ?? {}) as Fields));
}

function firstByName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const entry of list) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

function dataOf(value: unknown): Buffer | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

function fileOf(value: unknown, directory: string): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : path.resolve(directory, text);
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Compact<T>;
}
