import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type https from 'node:https';
import { KubeError } from './errors.ts';
import type { Kubeconfig, KubeconfigUser, SelectedContext } from './kubeconfig.ts';

/** Proof of who is calling. `tls` goes into the agent; `agent` replaces it where a proxy or plugin brings its own. */
export interface Credentials {
  readonly tls: Pick<https.AgentOptions, 'cert' | 'key'>;
  readonly agent?: http.Agent;
  headers(): Promise<Readonly<Record<string, string>>>;
}

// Service account tokens rotate in place about every hour; kubelets keep the old one valid for minutes.
const tokenFileMaxAgeMs = 60_000;

/** Credentials of the selected user. Loads `@kubernetes/client-node` only for exec plugins, auth providers and proxies. */
export async function credentialsOf(
  config: Kubeconfig,
  selected: SelectedContext,
  source: string,
): Promise<Credentials> {
  if (selected.user.external === true || selected.cluster.proxyUrl !== undefined)
    return await externalCredentials(config, selected, source);
  return plainCredentials(selected.user, source);
}

function plainCredentials(user: KubeconfigUser, source: string): Credentials {
  const cert = user.certData ?? readSecretFile(user.certFile, user, source);
  const key = user.keyData ?? readSecretFile(user.keyFile, user, source);
  const tls = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  if (user.tokenFile !== undefined) return { tls, headers: tokenFromFile(user, user.tokenFile, source) };
  const headers: Record<string, string> = {};
  if (user.token !== undefined) headers['authorization'] = `Bearer ${user.token}`;
  else if (user.username !== undefined) {
    headers['authorization'] = `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
  }
  return { tls, headers: () => Promise.resolve(headers) };
}

function tokenFromFile(user: KubeconfigUser, file: string, source: string): Credentials['headers'] {
  let token: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (token === undefined || performance.now() - readAt > tokenFileMaxAgeMs) {
      token = readSecretFile(file, user, source)?.toString('utf8').trim();
      readAt = performance.now();
    }
    return Promise.resolve({ authorization: `Bearer ${token ?? ''}` });
  };
}

function readSecretFile(file: string | undefined, user: KubeconfigUser, source: string): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new KubeError({
      code: 'Config',
      message: `${source}: user "${user.name}": ${(cause as Error).message}`,
      cause,
    });
  }
}

async function externalCredentials(
  config: Kubeconfig,
  selected: SelectedContext,
  source: string,
): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const loaded = new KubeConfig();
  try {
    const [first, ...others] = config.files ?? [];
    loaded.loadFromFile(first ?? source);
    for (const file of others) {
      const next = new KubeConfig();
      next.loadFromFile(file);
      loaded.mergeConfig(next, true);
    }
    loaded.setCurrentContext(selected.context);
    const options = await applied(loaded);
    const agent = options.agent instanceof Object ? (options.agent as http.Agent) : undefined;
    if (agent !== undefined) Object.assign(agent, { keepAlive: true, maxFreeSockets: 32 });
    return {
      tls: {},
      ...(agent === undefined ? {} : { agent }),
      async headers() {
        // Asked before every call: the library caches what the plugin said until it expires.
        const { headers, auth } = await applied(loaded);
        const basic: Record<string, string> = auth
          ? { authorization: `Basic ${Buffer.from(String(auth)).toString('base64')}` }
          : {};
        return { ...basic, ...lowerCased(headers) };
      },
    };
  } catch (cause) {
    throw new KubeError({
      code: 'Config',
      message: `${source}: user "${selected.user.name}": ${(cause as Error).message}`,
      cause,
    });
  }
}

async function applied(config: {
  applyToHTTPSOptions(options: https.RequestOptions): Promise<void>;
}): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function lowerCased(headers: https.RequestOptions['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
