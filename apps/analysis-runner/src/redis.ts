import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { StartError } from '@sluice/service';

/** Where hints are kept. */
export interface RedisPlace {
  /** `redis://HOST:PORT`, `rediss://HOST:PORT` with TLS, or `redis-sentinel://HOST:PORT,HOST:PORT/MASTER` (`rediss-sentinel://…` with TLS). */
  readonly url: string;
  readonly files?: RedisFiles | undefined;
  /** Keys begin with it: installations that share a Redis have different ones. */
  readonly prefix: string;
}

/** What a connection to Redis needs besides its address. The files are read for each connection, so renewing them takes no restart. */
export interface RedisFiles {
  /** Authorities (PEM) that may have signed the certificate of a `rediss://` server; otherwise those that Node knows. */
  readonly caFile?: string | undefined;
  /** Its first line is the password. In a file it shows neither in the list of processes nor in a Deployment. */
  readonly passwordFile?: string | undefined;
}

/** How a connection comes back: soon, and for ever. */
const patient = {
  maxRetriesPerRequest: null,
  retryStrategy: (tries: number) => Math.min(1_000, 50 * 2 ** Math.min(tries, 6)),
  connectTimeout: 5_000,
} satisfies Settings;

export function connectRedis({ url, files = {} }: Omit<RedisPlace, 'prefix'>, options: Settings = {}): Redis {
  const { address, ...settings } = settingsOf(url);
  return new FileRedis(files, { ...patient, ...settings, ...options }, address);
}

const forms = 'redis://HOST:PORT, rediss://HOST:PORT, or redis-sentinel://HOST:PORT,HOST:PORT/MASTER';

/** Throws a TypeError for what is no address of a Redis. */
function settingsOf(url: string): Settings & { readonly address?: string } {
  const parts = /^(rediss?)(-sentinel)?:\/\/(?:(?:[^@/]*?):([^@/]*)@)?([^/]+)(?:\/([^/?]*))?/.exec(url);
  if (parts === null) throw new TypeError(`"${url}" is no address of a Redis: write ${forms}`);
  const [, scheme, isSentinel, password, hosts = '', name = ''] = parts;
  const tls = scheme === 'rediss' ? { tls: {} } : {};
  if (isSentinel === undefined) return { ...tls, address: url };
  if (name === '') throw new TypeError(`"${url}" names no master: write redis-sentinel://HOST:PORT,HOST:PORT/MASTER`);
  return {
    ...tls,
    ...('tls' in tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinels: hosts.split(',').map((host) => {
      const { hostname, port } = new URL(`redis://${host}`);
      return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 26_379 : Number(port) };
    }),
    name,
    ...(password !== undefined && { sentinelPassword: decodeURIComponent(password) }),
    sentinelRetryStrategy: patient.retryStrategy,
  };
}

/** Throws StartError when the address or a file cannot be read, or there is an authority for a connection without TLS. */
export function checkRedis(url: string, files: RedisFiles): void {
  try {
    settingsOf(url);
  } catch (cause) {
    throw new StartError(`--redis-url: ${(cause as Error).message}.`, cause);
  }
  if (files.caFile !== undefined && !url.startsWith('rediss'))
    throw new StartError('--redis-ca is for a Redis with TLS: write rediss:// in --redis-url.');
  try {
    read(files);
  } catch (cause) {
    throw new StartError(`${(cause as Error).message}. Look at --redis-ca and --redis-password-file.`, cause);
  }
}

/** What Redis or the connection to it said, and what to do about it where that is known. */
export function redisProblem(error: Error): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  const firstWord = error.message.split(' ', 1)[0] ?? '';
  if (['NOAUTH', 'WRONGPASS'].includes(firstWord)) return `${error.message} (look at --redis-password-file)`;
  if (/CERT|ISSUER|SIGNATURE/.test(code))
    return `${error.message} (look at --redis-ca, and at the host in --redis-url)`;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'it is served without TLS: write redis:// in --redis-url';
  return error.message;
}

// Replies come in the form that ioredis and BullMQ expect; the type of that option is narrower in the constructor.
type Settings = Omit<RedisOptions, 'replyMapping'>;

class FileRedis extends Redis {
  private readonly files: RedisFiles;

  constructor(files: RedisFiles, options: Settings, url?: string) {
    // It connects below, once it knows the files.
    const later: Settings = { ...options, lazyConnect: true };
    if (url === undefined) super(later);
    else super(url, later);
    this.files = files;
    this.options.lazyConnect = options.lazyConnect === true;
    if (!this.options.lazyConnect) this.connect().catch(() => undefined);
  }

  override connect(callback?: Parameters<Redis['connect']>[0]): Promise<void> {
    try {
      const { ca, password } = read(this.files);
      if (password !== undefined) this.options.password = password;
      if (this.options.sentinelTLS !== undefined) this.options.sentinelTLS = this.options.tls = tlsOf(undefined, ca);
      else if (this.options.tls !== undefined) this.options.tls = tlsOf(this.options.host ?? 'localhost', ca);
    } catch (error) {
      // With what was there before: a file that is just being renewed is no reason to stay away.
      this.emit('error', error);
    }
    return super.connect(callback);
  }

  // BullMQ makes the connection that waits for hints this way.
  override duplicate(override: Partial<RedisOptions> = {}): Redis {
    return new FileRedis(this.files, { ...this.options, ...override });
  }
}

/** `host`: absent where it is not known beforehand, as sentinels tell it. */
function tlsOf(host: string | undefined, ca: Buffer | undefined): NonNullable<RedisOptions['tls']> {
  return { ...(ca !== undefined && { ca }), ...(host !== undefined && isIP(host) === 0 && { servername: host }) };
}

function read({ caFile, passwordFile }: RedisFiles): { readonly ca?: Buffer; readonly password?: string } {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(passwordFile !== undefined && { password: readFileSync(passwordFile, 'utf8').split(/\r?\n/, 1)[0] ?? '' }),
  };
}
