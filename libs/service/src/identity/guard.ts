import { Metadata, ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { allowedBy } from './call-table.ts';
import type { Role } from './call-table.ts';
import { TokenError } from './verifier.ts';
import type { TokenVerifier } from './verifier.ts';

export interface GuardOptions {
  readonly verifier: TokenVerifier;
  /** `namespace/name` of the ServiceAccounts that a role runs under. */
  readonly accountsOf: (role: Role) => readonly string[];
  readonly onRefused?: (path: string, why: string) => void;
}

/** Set by the guard alone: whatever a caller sends under this name is dropped. */
const callerKey = 'sluice-caller';
const userMark = 'user';

/**
 * Serves exactly what `callTable` allows: checks the caller's token before its request is read. A call without a token, or with one that is not valid, is UNAUTHENTICATED;
 * one of a caller who may not make it PERMISSION_DENIED; UNAVAILABLE while tokens cannot be checked.
 */
export function guard(options: GuardOptions): ServerInterceptor {
  return ({ path }, call) => {
    const refuse = (code: status, why: string): void => {
      options.onRefused?.(path, why);
      call.sendStatus({ code, details: why });
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, deliver) {
            metadata.remove(callerKey);
            void decide(path, metadata, options).then(
              (caller) => {
                if (caller !== undefined) metadata.set(callerKey, caller);
                deliver(metadata);
              },
              (error: unknown) => {
                if (error instanceof Refusal) refuse(error.code, error.message);
                else refuse(status.INTERNAL, 'the caller could not be checked');
              },
            );
          },
        }),
    });
  };
}

class Refusal extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

/** The caller to note; undefined where anyone may call. Throws Refusal. */
async function decide(path: string, metadata: Metadata, { verifier, accountsOf }: GuardOptions) {
  const allowed = allowedBy(path);
  if (allowed.anyone === true) return undefined;
  const token = bearerOf(metadata);
  if (token === undefined)
    throw new Refusal(
      status.UNAUTHENTICATED,
      'this call brings no token. A service of Sluice takes it from --token-dir; `sluice` takes it from the kubeconfig, which needs a user with a token',
    );
  try {
    const { serviceAccount } = await verifier.verify(token);
    if (allowed.roles.some((role) => accountsOf(role).includes(serviceAccount))) return serviceAccount;
    throw new Refusal(status.PERMISSION_DENIED, `ServiceAccount ${serviceAccount} may not call ${path}`);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    // Whose it is, and what this user may do, is for the API server to say.
    if (error.kind === 'foreign' && allowed.users === true) return userMark;
    throw new Refusal(error.kind === 'unavailable' ? status.UNAVAILABLE : status.UNAUTHENTICATED, error.message);
  }
}

export function bearerOf(metadata: Metadata): string | undefined {
  const [value] = metadata.get('authorization');
  return /^Bearer (\S+)$/i.exec(String(value ?? ''))?.[1];
}

/** The token of the user who makes a guarded call; undefined for services of Sluice, and where calls are not guarded. */
export function userTokenOf(metadata: Metadata): string | undefined {
  return String(metadata.get(callerKey)[0] ?? '') === userMark ? bearerOf(metadata) : undefined;
}
