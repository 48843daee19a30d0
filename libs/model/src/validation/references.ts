import type { AnalysisTemplate } from '../api/analysis.ts';
import type { TemplateReference } from '../api/analysis-reference.ts';
import type { KubeObject, PodTemplateSpec, Service } from '../api/core.ts';
import type { Rollout } from '../api/rollout.ts';
import { managedByAnnotation, podTemplateHashLabel } from '../names.ts';
import { firstError, invalid } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { ingressError, routerReferencesError } from './router-references.ts';

// The rules of spec-rollout §1.4 about objects that a Rollout names: first that each exists, then that each fits.

/** How to look objects up in the Rollout's namespace. A lookup that is not given leaves its objects unchecked. */
export interface ReferenceLookups {
  service?(name: string): Service | undefined;
  analysisTemplate?(name: string, clusterScope: boolean): AnalysisTemplate | undefined;
  ingress?(name: string): KubeObject | undefined;
  /** The name as the Rollout gives it: `name` or `name.namespace`. */
  virtualService?(name: string): KubeObject | undefined;
  /** What the traffic routers said of the objects that their configuration names. */
  routerError?(): FieldError | undefined;
  /** Rules of others, asked last: whether templates merge and bound their measurements, whether routes fit. */
  readonly further?: readonly ((rollout: Rollout) => FieldError | undefined)[];
}

interface NamedService {
  readonly path: string;
  readonly name: string;
}

/** Services that a Rollout names, in the order in which they are looked for. */
export const referencedServices = ({ spec: { strategy } }: Rollout): readonly NamedService[] => {
  const { blueGreen, canary } = strategy ?? {};
  const named = [
    { path: 'spec.strategy.blueGreen.activeService', name: blueGreen?.activeService },
    { path: 'spec.strategy.blueGreen.previewService', name: blueGreen?.previewService },
    { path: 'spec.strategy.canary.stableService', name: canary?.stableService },
    { path: 'spec.strategy.canary.canaryService', name: canary?.canaryService },
    { path: 'spec.strategy.canary.pingPong.pingService', name: canary?.pingPong?.pingService },
    { path: 'spec.strategy.canary.pingPong.pongService', name: canary?.pingPong?.pongService },
  ];
  return named.flatMap(({ path, name }) => (name ? [{ path, name }] : []));
};

interface NamedTemplates {
  readonly path: string;
  readonly references: readonly TemplateReference[];
}

/** Analysis templates that a Rollout names, in the order in which they are looked for. */
export const referencedTemplates = ({ spec: { strategy } }: Rollout): readonly NamedTemplates[] => {
  const { blueGreen, canary } = strategy ?? {};
  const named = [
    { path: 'spec.strategy.blueGreen.prePromotionAnalysis', analysis: blueGreen?.prePromotionAnalysis },
    { path: 'spec.strategy.blueGreen.postPromotionAnalysis', analysis: blueGreen?.postPromotionAnalysis },
    ...(canary?.steps ?? []).map(({ analysis }, index) => ({
      path: `spec.strategy.canary.steps[${index}].analysis`,
      analysis,
    })),
    { path: 'spec.strategy.canary.analysis', analysis: canary?.analysis },
  ];
  return named.map(({ path, analysis }) => ({ path: `${path}.templates`, references: analysis?.templates ?? [] }));
};

const missingServiceError = (rollout: Rollout, lookups: ReferenceLookups): FieldError | undefined => {
  const missing = referencedServices(rollout).find(({ name }) => lookups.service?.(name) === undefined);
  return missing && lookups.service
    ? invalid(missing.path, missing.name, `service "${missing.name}" not found`)
    : undefined;
};

/** The first template that does not exist, looking into nested ones; a template that names itself is looked at once. */
const missingTemplate = (
  references: readonly TemplateReference[],
  lookup: NonNullable<ReferenceLookups['analysisTemplate']>,
  seen: Set<string>,
): TemplateReference | undefined => {
  for (const reference of references) {
    const name = reference.templateName ?? '';
    const key = `${reference.clusterScope === true ? 'cluster' : 'namespace'}/${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const template = lookup(name, reference.clusterScope === true);
    if (template === undefined) return reference;
    const nested = missingTemplate(template.spec.templates ?? [], lookup, seen);
    if (nested !== undefined) return nested;
  }
  return undefined;
};

const missingTemplateError = (rollout: Rollout, { analysisTemplate }: ReferenceLookups): FieldError | undefined => {
  if (analysisTemplate === undefined) return undefined;
  for (const { path, references } of referencedTemplates(rollout)) {
    const missing = missingTemplate(references, analysisTemplate, new Set());
    if (missing === undefined) continue;
    const kind = missing.clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    const name = missing.templateName ?? '';
    return invalid(path, name, `${kind} '${name}' not found`);
  }
  return undefined;
};

const serviceError = (
  { path, name }: NamedService,
  service: Service,
  rollout: Rollout,
  template: PodTemplateSpec | undefined,
): FieldError | undefined => {
  const labels = template?.metadata?.labels ?? {};
  const foreign = Object.entries(service.spec?.selector ?? {}).find(
    ([key, value]) => key !== podTemplateHashLabel && labels[key] !== value,
  );
  if (foreign) return invalid(path, name, `Service "${name}" has unmatch label "${foreign[0]}" in rollout`);
  const owner = service.metadata.annotations?.[managedByAnnotation];
  return owner !== undefined && owner !== rollout.metadata.name
    ? invalid(path, name, `Service "${name}" is managed by another Rollout, "${owner}"`)
    : undefined;
};

/**
 * The first error about objects that a Rollout refers to, or undefined. `template` is the one that its pods are made
 * from; without it spec.template counts. Ask `validateRollout` first: this relies on a strategy being there.
 */
export const validateReferences = (
  rollout: Rollout,
  lookups: ReferenceLookups,
  template: PodTemplateSpec | undefined = rollout.spec.template,
): FieldError | undefined =>
  firstError(
    () => missingServiceError(rollout, lookups),
    () => missingTemplateError(rollout, lookups),
    () => routerReferencesError(rollout, lookups),
    () => lookups.routerError?.(),
    ...referencedServices(rollout).map((named) => () => {
      const service = lookups.service?.(named.name);
      return service === undefined ? undefined : serviceError(named, service, rollout, template);
    }),
    () => ingressError(rollout, lookups),
    ...(lookups.further ?? []).map((rule) => () => rule(rollout)),
  );
