// The pod that a controller makes from its template: with what the API server would fill in, since it is written straight to the store.
import { defaultPod } from '../../builtin/pod-defaults.ts';
import type { KubeObject } from '../../storage/store.ts';
import { copy } from '../../storage/values.ts';
import { controllerReference, fresh } from './ownership.ts';
import type { PodSpec, PodTemplate } from './pod.ts';

const filled = new WeakMap<PodTemplate, PodSpec>();

function filledSpec(template: PodTemplate): PodSpec {
  let spec = filled.get(template);
  if (!spec) {
    spec = copy(template.spec);
    defaultPod({ spec });
    filled.set(template, spec);
  }
  return spec;
}

export function newPod(owner: KubeObject, template: PodTemplate, finalizers?: readonly string[]): KubeObject {
  const { name, namespace } = owner.metadata;
  const { labels, annotations, finalizers: asked = [] } = template.metadata ?? {};
  const metadata = {
    generateName: `${name}-`,
    namespace,
    labels,
    annotations,
    finalizers: [...(asked as string[]), ...(finalizers ?? [])],
    ownerReferences: [controllerReference(owner)],
  };
  return fresh('v1', 'Pod', metadata, { spec: filledSpec(template) });
}
