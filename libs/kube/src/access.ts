import type { KubeClient } from './client.ts';
import { createClient } from './client.ts';
import type { ConnectionOptions } from './connection.ts';
import { isKubeError } from './errors.ts';

/** Something that a user wants to do with an object. */
export interface Access {
  readonly verb: 'get' | 'create' | 'patch' | 'list' | 'watch' | 'update' | 'delete';
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  /** Absent: any. */
  readonly name?: string;
}

/** `get secrets "token" in namespace "shop"` */
export const describeAccess = ({ verb, resource, name, namespace }: Access): string =>
  `${verb} ${resource}${name === undefined ? '' : ` "${name}"`} in namespace "${namespace}"`;

export interface AccessReviewer {
  /**
   * What the user of this token may not do, of what is asked; empty: all of it is allowed. Undefined: the API server does not know the token. Throws KubeError when it
   * does not answer.
   */
  denied(token: string, wanted: readonly Access[]): Promise<readonly Access[] | undefined>;
}

/**
 * Asks the API server with the user's own token (SelfSubjectAccessReview): whatever kind of token the API server takes is taken, and no permission of ours is needed, also
 * where this installation has no ClusterRole.
 */
export function createAccessReviewer(to: Pick<ConnectionOptions, 'kubeconfig' | 'context'>): AccessReviewer {
  return {
    async denied(token, wanted) {
      const client = await createClient({ ...to, token, userAgent: 'sluice-access-review' });
      try {
        const allowed = await Promise.all(wanted.map((access) => isAllowed(client, access)));
        return wanted.filter((_access, index) => allowed[index] !== true);
      } catch (error) {
        if (isKubeError(error, 'Unauthorized')) return undefined;
        throw error;
      } finally {
        client.close();
      }
    },
  };
}

async function isAllowed(client: KubeClient, { verb, group, resource, namespace, name }: Access): Promise<boolean> {
  const { body } = await client.raw({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource, namespace, ...(name !== undefined && { name }) } },
    },
    timeoutMs: 10_000,
  });
  return (body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
}
