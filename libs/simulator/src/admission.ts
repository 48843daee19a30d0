import { withTemplateDefaults } from '@sluice/model';
import type { ObjectMeta, PodTemplateSpec } from '@sluice/model';
import type { Kind, StoredKinds } from './objects.ts';

const defaulted = new WeakMap<PodTemplateSpec, PodTemplateSpec>();

/** What the API server makes of an object before it stores it: defaults of the kinds that have a pod template. */
export function admitted<K extends Kind>(kind: K, object: StoredKinds[K]): StoredKinds[K] {
  if (kind !== 'ReplicaSet' && kind !== 'Deployment') return object;
  const { spec } = object as StoredKinds['ReplicaSet' | 'Deployment'];
  const template = spec.template && defaultedTemplate(spec.template);
  if (template === spec.template && typeof spec.replicas === 'number') return object;
  return { ...object, spec: { ...spec, replicas: spec.replicas ?? 1, template } } as StoredKinds[K];
}

function defaultedTemplate(template: PodTemplateSpec): PodTemplateSpec {
  let result = defaulted.get(template);
  if (result === undefined) {
    result = withTemplateDefaults({
      ...template,
      ...(template.metadata ? { metadata: withoutEmptyMaps(template.metadata) } : {}),
    });
    defaulted.set(template, result);
    defaulted.set(result, result);
  }
  return result;
}

/** Labels and annotations without any key are stored as none. */
export function withoutEmptyMaps<M extends Pick<ObjectMeta, 'labels' | 'annotations'>>(metadata: M): M {
  const result = { ...metadata };
  for (const field of ['labels', 'annotations'] as const)
    if (result[field] && Object.keys(result[field]).length === 0) delete result[field];
  return result;
}
