import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InterceptingCall } from '@grpc/grpc-js';
import type { Interceptor } from '@grpc/grpc-js';

/** Where the tokens come from that this side shows. */
export interface TokenSource {
  /** Undefined: there is none for that audience, and the call goes out without. */
  tokenFor(audience: string): Promise<string | undefined>;
}

const keptMs = 10_000;

/**
 * Tokens in files, one for each audience: `<folder>/analysis-runner` is the one for `sluice.dev/analysis-runner`, as a projected volume writes them. Kubelets renew them
 * long before they end; a file is read again after 10 s.
 */
export function tokensInFolder(folder: string, now: () => number = Date.now): TokenSource {
  const read = new Map<string, { readonly at: number; readonly token: Promise<string | undefined> }>();
  return {
    tokenFor(audience) {
      const before = read.get(audience);
      if (before !== undefined && now() - before.at < keptMs) return before.token;
      const file = path.join(folder, audience.slice(audience.indexOf('/') + 1));
      const token = readFile(file, 'utf8').then(
        (text) => text.trim() || undefined,
        // A file that is being replaced: the token from before is good for minutes more.
        () => before?.token,
      );
      read.set(audience, { at: now(), token });
      return token;
    },
  };
}

/** The first source that has a token. */
export function firstOf(...sources: readonly TokenSource[]): TokenSource {
  return {
    async tokenFor(audience) {
      for (const source of sources) {
        const token = await source.tokenFor(audience);
        if (token !== undefined) return token;
      }
      return undefined;
    },
  };
}

/** One token for every audience: a user's. */
export const oneToken = (token: string | undefined): TokenSource => ({ tokenFor: () => Promise.resolve(token) });

/** What a caller shows: its tokens, and what the callee's are bound to. */
export interface CallerIdentity {
  readonly tokens: TokenSource;
  readonly audience: string;
}

/** Sends the token for that audience with each call. Retries and new streams take the token of their moment. */
export function bearer({ tokens, audience }: CallerIdentity): Interceptor {
  return (options, nextCall) => {
    let isStarted = false;
    let cancelled: (() => void) | undefined;
    return new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        const send = (token: string | undefined): void => {
          if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
          next(metadata, listener);
          isStarted = true;
          cancelled?.();
        };
        void tokens.tokenFor(audience).then(send, () => send(undefined));
      },
      cancel(next) {
        // A call that is cancelled before it has begun would never end.
        if (isStarted) next();
        else cancelled = next;
      },
    });
  };
}

/** The interceptors of a client that shows who it is; none without an identity. */
export const interceptorsOf = (identity: CallerIdentity | undefined): Interceptor[] =>
  identity === undefined ? [] : [bearer(identity)];
