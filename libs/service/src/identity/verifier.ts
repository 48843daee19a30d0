import { createHash } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Caller } from './caller.ts';
import type { IssuerKeys, KeySource } from './key-set.ts';

/**
 * Why a token is not taken: `invalid`, the caller has to bring another one; `unavailable`, it cannot be checked now and may be tried again; `foreign`, it is well-formed but
 * none of this issuer for this audience, such as a user's.
 */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly kind: 'invalid' | 'unavailable' | 'foreign';

  constructor(kind: TokenError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface TokenVerifier {
  /** Throws TokenError. */
  verify(token: string): Promise<Caller>;
}

export interface TokenVerifierOptions {
  readonly source: KeySource;
  /** What tokens must be bound to: one of these. */
  readonly audiences: readonly string[];
  readonly now?: () => number;
  /** How far the clocks of issuer and verifier may be apart: 30 s. */
  readonly toleranceMs?: number;
  /** Keys are read again when a token names an unknown one, at most so often: 10 s. */
  readonly refreshMs?: number;
  /** Keys that were withdrawn count for so long at most: 10 min. */
  readonly keysKeptMs?: number;
}

const longestToken = 16_384;
const cacheSize = 1_000;

/**
 * Checks tokens by the issuer's public keys: nothing is asked of the API server for a call, so that neither its slowness nor a flood of forged tokens reaches it. What
 * cannot be ours by its claims is refused before any signature is computed; a token that was checked once counts until it ends.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { source, audiences, now = Date.now, toleranceMs = 30_000, refreshMs = 10_000, keysKeptMs = 600_000 } = options;
  const known = new Map<string, Caller>();
  let keys: IssuerKeys | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<IssuerKeys> | undefined;

  /** The keys that there are, newer ones where `stale` and not just asked for. Throws TokenError without any. */
  async function issuerKeys(stale: boolean): Promise<IssuerKeys> {
    const due = keys === undefined || stale || now() - loadedAt > keysKeptMs;
    if (due && (loading !== undefined || now() - triedAt >= refreshMs)) {
      triedAt = loading === undefined ? now() : triedAt;
      loading ??= source
        .load()
        .then((loaded) => {
          loadedAt = now();
          return (keys = loaded);
        })
        .finally(() => (loading = undefined));
      try {
        return await loading;
      } catch (cause) {
        if (keys === undefined || now() - loadedAt > keysKeptMs) throw unreadable(source, cause);
      }
    }
    if (keys === undefined) throw unreadable(source);
    return keys;
  }

  async function check(token: string, { issuer, keys: set }: IssuerKeys): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, createLocalJWKSet(set), {
      issuer,
      audience: [...audiences],
      currentDate: new Date(now()),
      clockTolerance: toleranceMs / 1000,
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  }

  async function checked(token: string): Promise<JWTPayload> {
    const before = await issuerKeys(false);
    assertMeantForUs(token, before.issuer, audiences);
    try {
      return await check(token, before);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // Keys are rotated while tokens of the new one are out already.
      const after = await issuerKeys(true);
      return await check(token, after);
    }
  }

  return {
    async verify(token) {
      if (token.length > longestToken) throw new TokenError('invalid', 'the token is too long');
      const hash = createHash('sha256').update(token).digest('base64');
      const before = known.get(hash);
      if (before !== undefined && before.expiresAt + toleranceMs > now()) return before;
      known.delete(hash);
      const caller = callerOf(await checked(token).catch(rethrow));
      if (known.size >= cacheSize) known.delete(known.keys().next().value as string);
      known.set(hash, caller);
      return caller;
    },
  };
}

const unreadable = ({ name }: KeySource, cause?: unknown): TokenError =>
  new TokenError(
    'unavailable',
    `tokens cannot be checked now: ${name} does not say by which keys${because(cause)}`,
    cause,
  );

const because = (cause: unknown): string => (cause instanceof Error ? ` (${cause.message})` : '');

/** By its claims alone, which cost next to nothing. */
function assertMeantForUs(token: string, issuer: string, audiences: readonly string[]): void {
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch (cause) {
    throw new TokenError('foreign', 'the token is none of a ServiceAccount', cause);
  }
  if (claims.iss !== issuer) throw new TokenError('foreign', `the token is of another issuer than ${issuer}`);
  const bound = [claims.aud ?? []].flat();
  if (!bound.some((audience) => audiences.includes(audience)))
    throw new TokenError(
      'foreign',
      `the token is bound to the audience ${bound.join(', ')}, not to ${audiences.join(' or ')}`,
    );
}

function rethrow(error: unknown): never {
  if (error instanceof TokenError) throw error;
  if (error instanceof errors.JWTExpired) throw new TokenError('invalid', 'the token has expired', error);
  throw new TokenError('invalid', `the token is not valid: ${(error as Error).message}`, error);
}

function callerOf({ sub = '', exp = 0 }: JWTPayload): Caller {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(sub) ?? [];
  if (namespace === undefined || name === undefined)
    throw new TokenError('invalid', `the token is of ${sub}, which is no ServiceAccount`);
  return { serviceAccount: `${namespace}/${name}`, expiresAt: exp * 1000 };
}
