import type { KubeClient } from './client.ts';
import type { KubeLogger } from './logger.ts';

/** Tokens of our own ServiceAccount for audiences that no volume holds: those of plugins, which come and go. */
export interface TokenRequests {
  /** Undefined where the API server gives none; asked again after 10 s. */
  tokenFor(audience: string): Promise<string | undefined>;
}

interface Held {
  readonly token: Promise<string | undefined>;
  /** When the next one is asked for. */
  renewAt: number;
}

const lifetimeS = 900;
const retryMs = 10_000;

/**
 * Asks for tokens (TokenRequest, which needs `create serviceaccounts/token` for this one account) and renews them after two thirds of their life. An API server that is
 * away meanwhile costs nothing: the present token is good for five minutes more.
 */
export function createTokenRequests(
  client: Pick<KubeClient, 'raw'>,
  account: { readonly namespace: string; readonly name: string },
  { logger, now = Date.now }: { readonly logger: KubeLogger; readonly now?: () => number },
): TokenRequests {
  const held = new Map<string, Held>();

  async function ask(audience: string): Promise<string | undefined> {
    const { body } = await client.raw({
      method: 'POST',
      path: `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [audience], expirationSeconds: lifetimeS },
      },
      timeoutMs: 10_000,
    });
    return (body as { readonly status?: { readonly token?: string } }).status?.token;
  }

  function renew(audience: string, before: Held | undefined): Held {
    const next: Held = {
      renewAt: now() + (lifetimeS * 1000 * 2) / 3,
      token: ask(audience).catch((error: unknown) => {
        logger.warn({ audience, error: String(error) }, 'no token for calls to this audience: asked for again in 10 s');
        next.renewAt = now() + retryMs;
        return before?.token;
      }),
    };
    held.set(audience, next);
    return next;
  }

  return {
    tokenFor(audience) {
      const before = held.get(audience);
      return (before !== undefined && now() < before.renewAt ? before : renew(audience, before)).token;
    },
  };
}

/** Reads what an API server publishes for anyone to check its tokens by: `/openid/v1/jwks`, `/.well-known/openid-configuration`. */
export function publishedBy(client: Pick<KubeClient, 'raw'>): (path: string) => Promise<unknown> {
  const accept = 'application/json, application/jwk-set+json';
  return async (path) => (await client.raw({ method: 'GET', path, accept, timeoutMs: 10_000 })).body;
}

/** The ServiceAccount that a token of it is for; undefined for other tokens. */
export function serviceAccountOf(token: string): { readonly namespace: string; readonly name: string } | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      sub?: unknown;
    };
    const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(String(claims.sub)) ?? [];
    return namespace === undefined || name === undefined ? undefined : { namespace, name };
  } catch {
    return undefined;
  }
}
