import type { ServerInterceptor } from '@grpc/grpc-js';
import { StartError } from '../lifecycle.ts';
import { isLoopback } from '../loopback.ts';
import { text } from '../option-types.ts';
import type { ServerTls } from '../tls/credentials.ts';
import { tokensInFolder } from './bearer.ts';
import type { TokenSource } from './bearer.ts';
import { guard } from './guard.ts';
import { keysFromCluster, keysFromFile } from './key-set.ts';
import { createTokenVerifier } from './verifier.ts';

/** For what answers calls: services and plugins. */
export function guardOptions() {
  return {
    authKeys: text(
      'By which keys the tokens of callers are checked: "cluster" for those that the API server publishes, a file {"issuer","keys"}, or "none", which serves this machine alone. In a pod "cluster", elsewhere "none" when absent.',
    ),
    callersNamespace: text('Namespace of the ServiceAccounts that the services of Sluice run under.', {
      default: 'sluice-system',
      env: ['SLUICE_CALLERS_NAMESPACE', 'POD_NAMESPACE'],
    }),
    callersPrefix: text('What their names begin with, before rollout-controller, analysis-worker and so on.', {
      default: 'sluice-',
    }),
  };
}

/** For what calls other services or plugins. */
export function tokenOptions() {
  return {
    tokenDir: text(
      'Folder with a token for each service and plugin that is called, in a file named as its audience after sluice.dev/; read again when they change.',
      { env: ['SLUICE_TOKEN_DIR'] },
    ),
  };
}

export interface GuardSettings {
  readonly authKeys?: string | undefined;
  readonly callersNamespace: string;
  readonly callersPrefix: string;
}

export interface GuardSurroundings {
  /** What callers' tokens must be bound to: one of these. */
  readonly audiences: readonly string[];
  /** Where calls are served. */
  readonly host: string;
  readonly tls?: ServerTls | undefined;
  /** Reads a path of the API server; used with `cluster` only. */
  readonly get: (path: string) => Promise<unknown>;
  readonly logger: { warn(fields: object, message: string): void };
}

const isInPod = (): boolean => (process.env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';

/**
 * What keeps callers out that `callTable` does not name; undefined where only this machine is served, or where certificates already say who may call. Throws StartError
 * where calls could come from other machines and nothing would check who makes them.
 */
export function guardOf(settings: GuardSettings, surroundings: GuardSurroundings): ServerInterceptor | undefined {
  const { host, tls, audiences, get, logger } = surroundings;
  const keys = settings.authKeys ?? (isInPod() ? 'cluster' : 'none');
  if (keys === 'none') {
    if (!isLoopback(host) && (tls?.clientNames ?? []).length === 0)
      throw new StartError(
        `${host} can be reached from other machines, and nothing would check who calls. Give --auth-keys cluster (or a key file), --tls-client-ca with --tls-client-names, or serve this machine alone with --grpc-host 127.0.0.1.`,
      );
    return undefined;
  }
  const source = keys === 'cluster' ? keysFromCluster(get) : keysFromFile(keys);
  const told = new Set<string>();
  return guard({
    verifier: createTokenVerifier({ source, audiences }),
    accountsOf: (role) => [`${settings.callersNamespace}/${settings.callersPrefix}${role}`],
    onRefused(path, why) {
      // Once for each reason: callers may try again for ever.
      if (told.size >= 100 || told.has(`${path} ${why}`)) return;
      told.add(`${path} ${why}`);
      logger.warn({ path, why }, 'a call was refused');
    },
  });
}

/** The tokens of --token-dir; undefined: calls go out without. */
export function tokensOf({ tokenDir }: { readonly tokenDir?: string | undefined }): TokenSource | undefined {
  return tokenDir === undefined ? undefined : tokensInFolder(tokenDir);
}
