import { sameJson } from '@sluice/kube';
import type { KubeObject, OwnerReference, RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { RolloutRef } from '@sluice/plugin-sdk';
import type { NginxSettings } from './settings.ts';

/** What one rollout wants of its canary Ingresses. */
export interface WantedSplit {
  readonly rollout: RolloutRef;
  readonly settings: NginxSettings;
  readonly stableService: string;
  readonly canaryService: string;
  readonly weight: number;
  /** The weight that means all traffic. */
  readonly maxWeight: number;
}

const ingressClass = 'kubernetes.io/ingress.class';

/** Names may have 253 characters. */
export function canaryIngressName(rollout: string, stableIngress: string): string {
  return `${`${rollout}-${stableIngress}`.slice(0, 246)}-canary`;
}

/**
 * The canary Ingress that belongs to a stable one, as it is made: the paths that go to the stable Service, going to the canary Service, and the annotations that make
 * ingress-nginx send a share of their requests there. Other paths are left out: ingress-nginx takes one canary for each path, and a copy of another Rollout's path would
 * take the place of that Rollout's canary. Throws PluginError `Invalid` when no path goes to the stable Service.
 */
export function canaryIngress(stable: RawObject, wanted: WantedSplit): RawObject {
  const { name = '', namespace = wanted.rollout.namespace } = stable.metadata;
  const spec = fieldsOf(stable['spec']);
  const rules = canaryRules(spec['rules'], wanted);
  if (rules.length === 0)
    throw new PluginError('Invalid', `ingress \`${name}\` has no rules using service ${wanted.stableService} backend`);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: canaryIngressName(wanted.rollout.name, name),
      namespace,
      annotations: annotationsFor(stable, wanted),
      ownerReferences: [ownerReference(wanted.rollout)],
    },
    spec: {
      ...('ingressClassName' in spec ? { ingressClassName: spec['ingressClassName'] } : {}),
      ...('tls' in spec ? { tls: spec['tls'] } : {}),
      rules,
    },
  };
}

/**
 * The canary Ingress that is there, as it should be; labels, and annotations that others have added, stay. Throws PluginError `Conflict` when it belongs to
 * something else.
 */
export function updatedCanaryIngress(live: RawObject, stable: RawObject, wanted: WantedSplit): RawObject {
  requireOurs(live, wanted.rollout);
  const made = canaryIngress(stable, wanted);
  const annotations = { ...live.metadata.annotations, ...made.metadata.annotations };
  const total = totalKey(wanted);
  // Argo Rollouts copies whole rules. Such an Ingress is written with the next weight: taking over writes nothing.
  const isTakenOver =
    sameJson(fieldsOf(live['spec'])['rules'], wholeRules(fieldsOf(stable['spec'])['rules'], wanted)) &&
    sameJson(annotations, live.metadata.annotations);
  // A total that is left over from a former maxTrafficWeight would make the weight a share of something else.
  if (!(total in (made.metadata.annotations ?? {})) && annotations[total] !== String(wanted.maxWeight))
    delete annotations[total];
  const spec = isTakenOver ? { ...fieldsOf(made['spec']), rules: fieldsOf(live['spec'])['rules'] } : made['spec'];
  return { ...live, metadata: { ...live.metadata, annotations }, spec };
}

/** Share that a canary Ingress gives the canary now, out of maxWeight. */
export function weightIn(live: RawObject, { settings, maxWeight }: WantedSplit): number {
  const { annotationPrefix: prefix } = settings;
  const { annotations = {} } = live.metadata;
  const weight = Number(annotations[`${prefix}/canary-weight`] ?? 0);
  const total = Number(annotations[`${prefix}/canary-weight-total`] ?? 100);
  if (annotations[`${prefix}/canary`] !== 'true' || !(weight > 0) || !(total > 0)) return 0;
  return Math.round((weight * maxWeight) / total);
}

/** Whether this rollout has made the object. */
export function isOurs(object: KubeObject, rollout: RolloutRef): boolean {
  return controllerOf(object)?.uid === rollout.uid;
}

/** Whether an Ingress is a canary one, with whatever prefix it was made. */
export function isCanary({ metadata }: KubeObject): boolean {
  return Object.entries(metadata.annotations ?? {}).some(([key, value]) => key.endsWith('/canary') && value === 'true');
}

function requireOurs(live: RawObject, rollout: RolloutRef): void {
  if (isOurs(live, rollout)) return;
  const owner = controllerOf(live);
  const who = owner === undefined ? 'it has no owner' : `its owner is ${owner.kind} ${owner.name} (${owner.uid})`;
  throw new PluginError(
    'Conflict',
    `canary ingress \`${live.metadata.name ?? ''}\` controlled by different object: ${who}. Rename or delete it, then it is made anew.`,
  );
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function ownerReference({ name, uid }: RolloutRef): OwnerReference {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true, blockOwnerDeletion: true };
}

function totalKey({ settings }: WantedSplit): string {
  return `${settings.annotationPrefix}/canary-weight-total`;
}

function annotationsFor(stable: RawObject, wanted: WantedSplit): Record<string, string> {
  const { annotationPrefix: prefix, additionalAnnotations, canaryAnnotations } = wanted.settings;
  const className = stable.metadata.annotations?.[ingressClass];
  const additional = Object.entries(additionalAnnotations).map(([key, value]): [string, string] => [
    key.startsWith(prefix) ? key : `${prefix}/${key}`,
    value,
  ]);
  return {
    ...(className === undefined ? {} : { [ingressClass]: className }),
    ...Object.fromEntries(additional),
    ...canaryAnnotations,
    [`${prefix}/canary`]: 'true',
    [`${prefix}/canary-weight`]: String(wanted.weight),
    ...(wanted.maxWeight === 100 ? {} : { [totalKey(wanted)]: String(wanted.maxWeight) }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Rules with at least one path to the stable Service, and of these only such paths. Rules without paths, and paths that go to a resource, have none. */
function canaryRules(rules: unknown, wanted: WantedSplit): readonly object[] {
  return rulesWith(rules, wanted, (paths) => paths.filter((path) => serviceOf(path) === wanted.stableService));
}

/** The same with all paths of each rule. */
function wholeRules(rules: unknown, wanted: WantedSplit): readonly object[] {
  return rulesWith(rules, wanted, (paths) => paths);
}

function rulesWith(
  rules: unknown,
  wanted: WantedSplit,
  kept: (paths: readonly Fields[]) => readonly Fields[],
): readonly object[] {
  return listOf(rules).flatMap((rule) => {
    const http = fieldsOf(rule['http']);
    const paths = listOf(http['paths']);
    if (!paths.some((path) => serviceOf(path) === wanted.stableService)) return [];
    return [{ ...rule, http: { ...http, paths: kept(paths).map((path) => toCanary(path, wanted)) } }];
  });
}

function toCanary(path: Fields, { stableService, canaryService }: WantedSplit): Fields {
  if (serviceOf(path) !== stableService) return path;
  const backend = fieldsOf(path['backend']);
  return { ...path, backend: { ...backend, service: { ...fieldsOf(backend['service']), name: canaryService } } };
}

function serviceOf(path: Fields): unknown {
  return fieldsOf(fieldsOf(path['backend'])['service'])['name'];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}
