import { createAuthority as createAuthorityOf } from '@sluice/kube';
import type { Authority, AuthorityOptions as OptionsOf } from '@sluice/kube';
import { StartError } from '@sluice/service';

export type { Authority } from '@sluice/kube';
export type AuthorityOptions = Omit<OptionsOf, 'service' | 'refusal'>;

/** Whether this replica may write, and on behalf of which Rollouts. */
export const createAuthority = (options: AuthorityOptions): Authority =>
  createAuthorityOf({
    ...options,
    service: 'rollout-controller',
    refusal: (message, cause) => new StartError(message, cause),
  });
