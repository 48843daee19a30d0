// The environment of a container, put together from its spec as a kubelet does.
import type { Store } from '../../storage/store.ts';
import type { Container, EnvVar, Pod } from '../base/pod.ts';
import { configMaps, secrets } from '../base/resources.ts';

/** Thrown when something that the environment refers to is missing; the container waits with CreateContainerConfigError. */
export class MissingConfig extends Error {}

type Values = Readonly<Record<string, string>>;
type Source = { readonly name: string; readonly optional?: boolean };

/** Throws MissingConfig when a Secret, a ConfigMap or one of their keys is missing and not optional. */
export function environmentOf(store: Store, pod: Pod, container: Container): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const values = {
      ...(configMapRef && configMap(store, pod, configMapRef)),
      ...(secretRef && secret(store, pod, secretRef)),
    };
    for (const [key, value] of Object.entries(values)) env[prefix + key] = value;
  }
  for (const entry of container.env ?? []) {
    const value = entry.valueFrom ? referred(store, pod, entry) : expand(entry.value ?? '', env);
    if (value !== undefined) env[entry.name] = value;
  }
  return env;
}

/** `$(NAME)` is replaced if NAME is known, `$$(NAME)` stands for itself. */
export const expand = (text: string, env: Values): string =>
  text.replace(/\$(\$)?\(([^)]*)\)/g, (whole, escaped: string | undefined, name: string) =>
    escaped ? whole.slice(1) : (env[name] ?? whole),
  );

function referred(store: Store, pod: Pod, { valueFrom }: EnvVar): string | undefined {
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom ?? {};
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  if (configMapKeyRef) return keyed(configMap(store, pod, configMapKeyRef), configMapKeyRef, 'ConfigMap', pod);
  if (secretKeyRef) return keyed(secret(store, pod, secretKeyRef), secretKeyRef, 'Secret', pod);
  return undefined;
}

function keyed(
  values: Values | undefined,
  { name, key, optional }: Source & { key: string },
  kind: string,
  pod: Pod,
): string | undefined {
  const value = values?.[key];
  if (value === undefined && !optional)
    throw new MissingConfig(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`);
  return value;
}

function configMap(store: Store, pod: Pod, { name, optional }: Source): Values | undefined {
  const found = store.get(configMaps, pod.metadata.namespace, name);
  if (!found && !optional) throw new MissingConfig(`configmap "${name}" not found`);
  return found && ((found.data ?? {}) as Values);
}

function secret(store: Store, pod: Pod, { name, optional }: Source): Values | undefined {
  const found = store.get(secrets, pod.metadata.namespace, name);
  if (!found && !optional) throw new MissingConfig(`secret "${name}" not found`);
  const data = (found?.data ?? {}) as Values;
  return found && Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v, 'base64').toString()]));
}

function fieldOf(pod: Pod, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map && key) return pod.metadata[map as 'labels' | 'annotations']?.[key] ?? '';
  const value = path.split('.').reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], pod);
  return value === undefined ? '' : String(value);
}
