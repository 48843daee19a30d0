import {
  type KubeObject,
  type ReferenceLookups,
  type Rollout,
  type Service,
  formatFieldError,
  validateReferences,
  validateRollout,
} from '@sluice/model';
import { CommandError } from './errors.ts';
import { type Manifest, firstSchemaError, groupKindOf, kindOf } from './manifest.ts';

/**
 * What is wrong with the Rollouts among some manifests, one text for each. Services and Ingresses that are among them too are
 * checked as the Rollouts use them; what is not among them is taken for right, since there is no cluster to ask.
 *
 * @throws CommandError for a Rollout with fields that do not exist or have the wrong type: nothing more can be said about it
 */
export function lintErrors(manifests: readonly Manifest[], file: string): string[] {
  const objects = manifests.map(({ object }) => object);
  return manifests
    .filter(({ object }) => kindOf(object) === 'Rollout')
    .flatMap(({ object, line }) => {
      const schemaError = firstSchemaError(object, 'Rollout');
      if (schemaError !== undefined) throw new CommandError(`${file}:${line}: ${schemaError}`);
      const rollout = withSpec(object);
      const error = validateRollout(rollout) ?? validateReferences(rollout, lookupsIn(objects, rollout));
      return error === undefined ? [] : [formatFieldError(error)];
    });
}

/** A Rollout in which a missing part is an empty one. */
export function withSpec(object: KubeObject): Rollout {
  const rollout = object as Partial<Rollout>;
  return { ...rollout, metadata: rollout.metadata ?? { name: '' }, spec: rollout.spec ?? {} };
}

/** Services and Ingresses among some objects; what is not among them is taken for right. */
export function lookupsIn(objects: readonly KubeObject[], rollout: Rollout): ReferenceLookups {
  const isBeside = (object: KubeObject) =>
    (object.metadata?.namespace ?? '') === (rollout.metadata.namespace ?? '') ||
    object.metadata?.namespace === undefined;
  const find = (groupKind: string, name: string) =>
    objects.find((object) => groupKindOf(object) === groupKind && object.metadata?.name === name && isBeside(object));
  const { canary } = rollout.spec.strategy ?? {};
  return {
    service: (name) => (find('/Service', name) as Service | undefined) ?? { metadata: { name } },
    ingress: (name) =>
      inCurrentForm(find('networking.k8s.io/Ingress', name) ?? find('extensions/Ingress', name)) ??
      ingressTo(name, canary?.trafficRouting?.alb?.rootService || (canary?.stableService ?? '')),
  };
}

interface Backend {
  readonly serviceName?: string;
  readonly service?: { readonly name?: string };
}
interface IngressSpec {
  readonly rules?: readonly { readonly http?: { readonly paths?: readonly { readonly backend?: Backend }[] } }[];
}

/** An Ingress that stands in for one that is not in the file: it has the rule that it needs. */
function ingressTo(name: string, service: string): KubeObject {
  const spec: IngressSpec = { rules: [{ http: { paths: [{ backend: { service: { name: service } } }] } }] };
  return { metadata: { name }, spec } as KubeObject;
}

// v1beta1 wrote `backend.serviceName` for what is `backend.service.name` now.
function inCurrentForm(ingress: KubeObject | undefined): KubeObject | undefined {
  if (ingress === undefined) return undefined;
  const { spec } = ingress as { spec?: IngressSpec };
  const rules = (spec?.rules ?? []).map((rule) => ({
    ...rule,
    http: {
      paths: (rule.http?.paths ?? []).map((path) => ({
        ...path,
        backend:
          path.backend?.serviceName === undefined ? path.backend : { service: { name: path.backend.serviceName } },
      })),
    },
  }));
  return { ...ingress, spec: { ...spec, rules } } as KubeObject;
}
