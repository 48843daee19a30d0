import { createTokenRequests, serviceAccountOf } from '@sluice/kube';
import type { KubeClient, KubeLogger } from '@sluice/kube';
import { firstOf, tokensInFolder } from '@sluice/service/identity';
import type { TokenSource } from '@sluice/service/identity';

/**
 * What this service shows to those it calls: the tokens of `--token-dir`, and, where it runs under a ServiceAccount, tokens that it asks the API server for, as those of
 * plugins. Undefined: it has none, and only services of the same machine serve it.
 */
export async function callerTokens(
  { tokenDir }: { readonly tokenDir?: string | undefined },
  client: KubeClient,
  logger: KubeLogger,
): Promise<TokenSource | undefined> {
  const account = serviceAccountOf((await client.bearerToken()) ?? '');
  const sources = [
    ...(tokenDir === undefined ? [] : [tokensInFolder(tokenDir)]),
    ...(account === undefined ? [] : [createTokenRequests(client, account, { logger })]),
  ];
  return sources.length === 0 ? undefined : firstOf(...sources);
}
