// What only a real API server does, by its own keys and RBAC: `npm run test:kubernetes -- libs/reconcile/test/identities-on-kubernetes.test.ts`.
import {
  createAccessReviewer,
  createClient,
  createTokenRequests,
  publishedBy,
  resources,
  silentLogger,
} from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { createTokenVerifier, keysFromCluster } from '@sluice/service/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const kubeconfig = process.env['SLUICE_TEST_KUBECONFIG'];
const namespace = 'sluice-identities';
const audience = 'sluice.dev/analysis-runner';
const serviceAccounts = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};
const rbac = (plural: string, kind: string) => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});

describe.runIf(kubeconfig !== undefined)('on a real API server', { timeout: 120_000 }, () => {
  let admin: KubeClient;
  const clients: KubeClient[] = [];
  /** What the API server itself takes tokens for. */
  let issuer = '';

  beforeAll(async () => {
    admin = await createClient({ kubeconfig: kubeconfig as string });
    ({ issuer } = (await publishedBy(admin)('/.well-known/openid-configuration')) as { issuer: string });
    await admin.create(resources.namespaces, { metadata: { name: namespace } });
    for (const name of ['caller', 'callee', 'tenant'])
      await admin.create(serviceAccounts, { metadata: { namespace, name } });
    const rule = (resource: string, verbs: readonly string[], ...names: readonly string[]) => ({
      apiGroups: [''],
      resources: [resource],
      verbs,
      ...(names.length > 0 && { resourceNames: names }),
    });
    await allow('caller', [rule('serviceaccounts/token', ['create'], 'caller')]);
    await allow('tenant', [rule('secrets', ['get'], 'mine')]);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await admin.remove(resources.namespaces, { name: namespace });
    admin.close();
  });

  async function allow(name: string, rules: readonly object[]): Promise<void> {
    await admin.create(rbac('roles', 'Role'), { metadata: { namespace, name }, rules } as RawObject);
    await admin.create(rbac('rolebindings', 'RoleBinding'), {
      metadata: { namespace, name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', namespace, name }],
    } as RawObject);
  }

  async function tokenOf(name: string): Promise<string> {
    const requests = createTokenRequests(admin, { namespace, name }, { logger: silentLogger });
    return (await requests.tokenFor(issuer)) ?? '';
  }

  async function clientOf(name: string): Promise<KubeClient> {
    const client = await createClient({ kubeconfig: kubeconfig as string, token: await tokenOf(name) });
    clients.push(client);
    return client;
  }

  it('a service gets a token for whom it calls, and a callee without any permission checks it', async () => {
    const token = await createTokenRequests(
      await clientOf('caller'),
      { namespace, name: 'caller' },
      { logger: silentLogger },
    ).tokenFor(audience);
    const callee = await clientOf('callee');
    const get = publishedBy(callee);
    const verifier = createTokenVerifier({ source: keysFromCluster(get), audiences: [audience] });
    expect((await verifier.verify(token ?? '')).serviceAccount).toBe(`${namespace}/caller`);
    const elsewhere = createTokenVerifier({ source: keysFromCluster(get), audiences: ['sluice.dev/other'] });
    await expect(elsewhere.verify(token ?? '')).rejects.toMatchObject({ kind: 'foreign' });
  });

  it('a service gets tokens of its own account only', async () => {
    const requests = createTokenRequests(
      await clientOf('caller'),
      { namespace, name: 'callee' },
      { logger: silentLogger },
    );
    expect(await requests.tokenFor(audience)).toBeUndefined();
  });

  it('a user may do through a service what the API server allows, and nothing else', async () => {
    const reviewer = createAccessReviewer({ kubeconfig: kubeconfig as string });
    const secret = (name: string) => ({ verb: 'get', group: '', resource: 'secrets', namespace, name }) as const;
    const tenant = await tokenOf('tenant');
    expect(await reviewer.denied(tenant, [secret('mine')])).toEqual([]);
    expect(await reviewer.denied(tenant, [secret('mine'), secret('theirs')])).toEqual([secret('theirs')]);
    expect(await reviewer.denied('forged', [secret('mine')])).toBeUndefined();
    const bound = await createTokenRequests(admin, { namespace, name: 'tenant' }, { logger: silentLogger }).tokenFor(
      audience,
    );
    expect(await reviewer.denied(bound ?? '', [secret('mine')])).toBeUndefined();
  });
});
