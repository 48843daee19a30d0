import type { OwnerReference, Rollout } from '@sluice/model';

/** How everything that is made for a Rollout names it: gone with it, and nobody else's. */
export const ownerOf = ({ metadata: { name, uid = '' } }: Rollout): OwnerReference => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});
