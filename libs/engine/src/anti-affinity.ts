import { podTemplateHashLabel } from '@sluice/model';
import type { PodAffinityTerm, PodAntiAffinity, PodTemplateSpec } from '@sluice/model';
import type { SetView } from './sets.ts';
import { blueGreenOf, canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';

/** Keeps pods of a new version off the nodes of the stable one, where the strategy asks for it. Source: spec-rollout §5.10. */
export function withAntiAffinity(s: Situation, set: SetView, template: PodTemplateSpec): PodTemplateSpec {
  const wanted = (canaryOf(s) ?? blueGreenOf(s))?.antiAffinity;
  const stable = s.status.stableRS;
  if (!wanted || !stable || stable === set.hash || !template.spec) return template;
  const term: PodAffinityTerm = {
    labelSelector: { matchExpressions: [{ key: podTemplateHashLabel, operator: 'In', values: [stable] }] },
    topologyKey: 'kubernetes.io/hostname',
    namespaces: [s.rollout.metadata.namespace ?? ''],
  };
  const preferred = wanted.preferredDuringSchedulingIgnoredDuringExecution;
  const before = template.spec.affinity?.podAntiAffinity;
  const podAntiAffinity: PodAntiAffinity = preferred
    ? {
        ...before,
        preferredDuringSchedulingIgnoredDuringExecution: [
          ...(before?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
          { weight: preferred.weight, podAffinityTerm: term },
        ],
      }
    : {
        ...before,
        requiredDuringSchedulingIgnoredDuringExecution: [
          ...(before?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
          term,
        ],
      };
  return { ...template, spec: { ...template.spec, affinity: { ...template.spec.affinity, podAntiAffinity } } };
}
