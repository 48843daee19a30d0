// A Job selects its pods by its own uid, which is known only once it is made: so this is part of making one.
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';

/** The Job with the selector and the pod labels that the API server generates; the Job itself when it brings a selector of its own. */
export function withGeneratedSelector(job: KubeObject): KubeObject {
  const spec = job.spec as Record<string, Json> | undefined;
  if (!spec?.template || spec.manualSelector || spec.selector) return job;
  const { uid, name } = job.metadata;
  const labels = {
    ...spec.template.metadata?.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  return {
    ...job,
    metadata: { ...job.metadata, labels: job.metadata.labels ?? labels },
    spec: {
      ...spec,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}
