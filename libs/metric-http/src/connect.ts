import dns from 'node:dns';
import net from 'node:net';
import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import { Agent, EnvHttpProxyAgent, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import { bareHost } from './destinations.ts';
import type { Destinations } from './destinations.ts';
import { Refused } from './exchange-error.ts';

export type ResolveAll = (hostname: string) => Promise<readonly dns.LookupAddress[]>;

export interface ConnectOptions {
  readonly destinations: Destinations;
  /** Authorities (PEM) that are trusted beside those of the system. */
  readonly ca?: string | undefined;
  /** Connections to one origin that may be open at once; more requests wait for one. */
  readonly connections: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve: ResolveAll;
}

/** Connections that are kept open between measurements, one pool for those whose certificates are verified and one for the others. */
export interface Connections {
  of(insecure: boolean): Dispatcher;
  /** Throws Refused when nothing may be sent to this host. */
  check(url: URL): Promise<void>;
  close(): Promise<void>;
}

const keepAliveMs = 30_000;

export function createConnections(options: ConnectOptions): Connections {
  const made = new Map<boolean, Dispatcher>();
  const { destinations, env, resolve } = options;
  const proxied = proxyOf(env) !== undefined;
  return {
    of(insecure) {
      const before = made.get(insecure);
      if (before !== undefined) return before;
      const dispatcher = createDispatcher(options, insecure);
      made.set(insecure, dispatcher);
      return dispatcher;
    },
    async check(url) {
      const refusal = destinations.refusalOfHost(url.hostname);
      if (refusal !== undefined) throw new Refused(refusal);
      // A proxy resolves the name itself: what it means here is all that can be known.
      if (!proxied || net.isIP(bareHost(url.hostname)) !== 0) return;
      const addresses = await resolve(bareHost(url.hostname)).catch(() => []);
      checkAll(destinations, bareHost(url.hostname), addresses);
    },
    async close() {
      await Promise.all([...made.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

function createDispatcher({ destinations, ca, connections, env, resolve }: ConnectOptions, insecure: boolean) {
  const verification = {
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] }),
  };
  const pool = {
    connections,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    allowH2: false,
    connect: guardedConnector(destinations, resolve, verification),
  };
  const proxy = proxyOf(env);
  if (proxy === undefined) return new Agent(pool);
  return new EnvHttpProxyAgent({
    ...pool,
    ...proxy,
    // As everywhere: what is on this machine is not asked through a proxy.
    noProxy: ['localhost', '127.0.0.1', '::1', env['no_proxy'] ?? env['NO_PROXY'] ?? ''].join(','),
    requestTls: verification,
  });
}

function proxyOf(env: ConnectOptions['env']): { httpProxy?: string; httpsProxy?: string } | undefined {
  const httpProxy = env['http_proxy'] || env['HTTP_PROXY'];
  const httpsProxy = env['https_proxy'] || env['HTTPS_PROXY'];
  if (!httpProxy && !httpsProxy) return undefined;
  // Empty text: no proxy for that scheme, rather than the other one's.
  return { httpProxy: httpProxy ?? '', httpsProxy: httpsProxy ?? '' };
}

/**
 * Connects only to addresses that were checked: the name is resolved once, every answer is checked, and the connection goes to one of those very answers,
 * so that a name that answers differently the next time gains nothing.
 */
function guardedConnector(
  destinations: Destinations,
  resolve: ResolveAll,
  verification: { readonly rejectUnauthorized: boolean; readonly ca?: string[] },
): buildConnector.connector {
  const lookup: LookupFunction = (hostname, { all, family }, done) => {
    resolve(hostname).then(
      (addresses) => {
        const fitting = addresses.filter(
          (each) => !family || Number(String(family).replace('IPv', '')) === each.family,
        );
        try {
          checkAll(destinations, bareHost(hostname), addresses);
        } catch (refused) {
          done(refused as Error, '');
          return;
        }
        const [first] = fitting;
        if (first === undefined) done(Object.assign(new Error('no address'), { code: 'ENOTFOUND', hostname }), '');
        else if (all === true) done(null, [...fitting]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, ''),
    );
  };
  const connect = buildConnector({ ...verification, lookup, allowH2: false } as buildConnector.BuildOptions);
  return (opts, done) => {
    const refusal = destinations.refusalOfHost(opts.hostname);
    if (refusal !== undefined) return done(new Refused(refusal), null);
    connect(opts, (...[error, socket]) => {
      if (error !== null) return done(error, null);
      const reached =
        socket.remoteAddress === undefined ? undefined : refusalOf(destinations, socket.remoteAddress, opts);
      if (reached === undefined) return done(null, socket);
      socket.destroy();
      done(new Refused(reached), null);
    });
  };
}

function refusalOf(destinations: Destinations, address: string, { hostname }: buildConnector.Options) {
  return destinations.refusalOfAddress(address, bareHost(hostname));
}

function checkAll(destinations: Destinations, hostname: string, addresses: readonly dns.LookupAddress[]): void {
  for (const { address } of addresses) {
    const refusal = destinations.refusalOfAddress(address, hostname);
    if (refusal !== undefined) throw new Refused(refusal);
  }
}

export const resolveAll: ResolveAll = (hostname) => dns.promises.lookup(hostname, { all: true });
