import fs from 'node:fs';
import path from 'node:path';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { root } from '@sluice/tools-start';
import { parse } from 'yaml';

const SYSTEM = 'sluice-system';
const GROUP = 'rbac.authorization.k8s.io';
const charts = path.join(root, 'charts');
const OTHER_CONTROLLER = path.join(charts, 'sluice/rules/other-controller.yaml');

/**
 * Gives each service exactly what its chart gives it (charts/CHART/rules/SERVICE.yaml, and SERVICE.system.yaml for its own
 * namespace), and answers with the kubeconfig of each: a permission that the chart lacks is then missed by whatever is played. A
 * service without rules is the user of `kubeconfig`, who may impersonate, and is named on the terminal.
 */
export async function grantChartPermissions(
  admin: KubeClient,
  kubeconfig: string,
  folder: string,
): Promise<(service: string) => string> {
  await create(admin, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } }, 'namespaces');
  const granted = new Map<string, string>();
  for (const file of ruleFiles()) {
    const name = path.basename(file, '.yaml');
    const account = `sluice-${name}`;
    await grant(admin, { name: account, kind: 'ClusterRole', file, account });
    await grant(admin, {
      name: `${account}-system`,
      kind: 'Role',
      file: file.replace(/\.yaml$/, '.system.yaml'),
      account,
    });
    await grant(admin, { name: `${account}-other`, kind: 'ClusterRole', file: OTHER_CONTROLLER, account });
    granted.set(name, impersonating(account, kubeconfig, path.join(folder, `${name}.kubeconfig`)));
  }
  return (service) => {
    const own = granted.get(service);
    if (own === undefined) console.log(`${service} has no rules in charts: it plays as administrator`);
    return own ?? kubeconfig;
  };
}

function ruleFiles(): string[] {
  return fs
    .globSync('*/rules/*.yaml', { cwd: charts })
    .map((file) => path.join(charts, file))
    .filter((file) => !file.endsWith('.system.yaml') && file !== OTHER_CONTROLLER);
}

function impersonating(account: string, kubeconfig: string, file: string): string {
  const as = `, as: "system:serviceaccount:${SYSTEM}:${account}"`;
  const text = fs.readFileSync(kubeconfig, 'utf8').replace(/(token: "[^"]*")/, `$1${as}`);
  fs.writeFileSync(file, text, { mode: 0o600 });
  return file;
}

interface Grant {
  readonly name: string;
  readonly kind: 'Role' | 'ClusterRole';
  /** What is granted; nothing when there is no such file. */
  readonly file: string;
  readonly account: string;
}

async function grant(admin: KubeClient, { name, kind, file, account }: Grant): Promise<void> {
  if (!fs.existsSync(file)) return;
  const rules = parse(fs.readFileSync(file, 'utf8')) as unknown;
  const metadata = { name, ...(kind === 'Role' ? { namespace: SYSTEM } : {}) };
  const apiVersion = `${GROUP}/v1`;
  const plural = kind === 'Role' ? 'roles' : 'clusterroles';
  await create(admin, { apiVersion, kind, metadata, rules }, plural);
  const roleRef = { apiGroup: GROUP, kind, name };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: SYSTEM }];
  const binding = { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects };
  await create(admin, binding, plural.replace(/s$/, 'bindings'));
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
