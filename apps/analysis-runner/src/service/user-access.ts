import { describeAccess } from '@sluice/kube';
import type { Access, AccessReviewer } from '@sluice/kube';

/** What the caller asks for is not done: the API server does not allow it to this user. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  /** Whether it is not even known who calls. */
  readonly unauthenticated: boolean;

  constructor(message: string, unauthenticated = false) {
    super(message);
    this.unauthenticated = unauthenticated;
  }
}

/** Throws AccessDenied unless the caller may do all of it. */
export type Permit = (wanted: readonly Access[]) => Promise<void>;

/** A service of Sluice that the guard let in, or a caller on this machine where there is no guard. */
export const permitAll: Permit = () => Promise.resolve();

/** A user, by the token that came with the call. */
export function permitUser(reviewer: AccessReviewer, token: string): Permit {
  return async (wanted) => {
    const denied = await reviewer.denied(token, wanted);
    if (denied === undefined)
      throw new AccessDenied(
        'the API server does not know the token of this call: log in again, or use another context',
        true,
      );
    if (denied.length > 0)
      throw new AccessDenied(`you may not ${denied.map(describeAccess).join(', nor ')}: ask for a Role that allows it`);
  };
}
