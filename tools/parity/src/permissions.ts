import fs from 'node:fs';
import path from 'node:path';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { root, services } from '@sluice/tools-start';
import { parse } from 'yaml';

const SYSTEM = 'sluice-system';
const GROUP = 'rbac.authorization.k8s.io';
const rules = path.join(root, 'charts/sluice/rules');

/**
 * Gives each service exactly what the chart gives it, and answers with one kubeconfig for each: a permission that the chart lacks
 * is then missed by whatever is played. `kubeconfig` is that of a user who may impersonate.
 */
export async function grantChartPermissions(
  admin: KubeClient,
  kubeconfig: string,
  folder: string,
): Promise<(service: string) => string> {
  await create(admin, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } }, 'namespaces');
  for (const { name } of services) {
    const account = `sluice-${name}`;
    await grant(admin, account, 'ClusterRole', rulesOf(name), account);
    await grant(admin, `${account}-system`, 'Role', rulesOf(`${name}.system`), account);
    await grant(admin, `${account}-other`, 'ClusterRole', rulesOf('other-controller'), account);
    const as = `, as: "system:serviceaccount:${SYSTEM}:${account}"`;
    const text = fs.readFileSync(kubeconfig, 'utf8').replace(/(token: "[^"]*")/, `$1${as}`);
    fs.writeFileSync(path.join(folder, `${name}.kubeconfig`), text, { mode: 0o600 });
  }
  return (service) => path.join(folder, `${service}.kubeconfig`);
}

function rulesOf(name: string): unknown {
  const file = path.join(rules, `${name}.yaml`);
  return fs.existsSync(file) ? parse(fs.readFileSync(file, 'utf8')) : undefined;
}

type RoleKind = 'Role' | 'ClusterRole';

async function grant(admin: KubeClient, name: string, kind: RoleKind, rules: unknown, account: string): Promise<void> {
  if (rules === undefined) return;
  const metadata = { name, ...(kind === 'Role' ? { namespace: SYSTEM } : {}) };
  const apiVersion = `${GROUP}/v1`;
  const plural = kind === 'Role' ? 'roles' : 'clusterroles';
  await create(admin, { apiVersion, kind, metadata, rules }, plural);
  const roleRef = { apiGroup: GROUP, kind, name };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: SYSTEM }];
  await create(
    admin,
    { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects },
    plural.replace(/s$/, 'bindings'),
  );
}

function create(admin: KubeClient, object: RawObject, plural: string): Promise<unknown> {
  const [group, version] = object.apiVersion?.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const ref: ResourceRef = {
    group: group ?? '',
    version: version ?? 'v1',
    plural,
    kind: object.kind as string,
    namespaced: object.metadata.namespace !== undefined,
  };
  return admin.create(ref, object);
}
