import type { PodTemplateSpec, ReplicaSet } from './api/core.ts';
import type { RolloutStrategy } from './api/rollout-strategy.ts';
import { createGoEncoder } from './go-json.ts';
import { ephemeralMetadataAnnotation, podTemplateHashLabel, replacedMetadataAnnotation } from './names.ts';
import { podTemplateLayouts } from './pod-template-layout.ts';
import { withTemplateDefaults } from './template-defaults.ts';

// Whether two pod templates mean the same pods. Identity of a version rests on this, not on recomputed hashes, so a
// Rollout can be taken over from another controller without a write (spec-rollout §3.1, "Finding newRS").

/** What a controller adds to the template of a ReplicaSet, beside the hash label. */
export interface InjectedParts {
  /** Value of the ReplicaSet's ephemeral-metadata annotation: JSON of the labels and annotations that were added. */
  readonly ephemeralMetadata?: string;
  /** Value of its replaced-metadata annotation: JSON of what the template itself has under the keys that were injected. */
  readonly replacedMetadata?: string | undefined;
  /** Whether the strategy asks for anti-affinity, so that a term about the hash label is ours. */
  readonly antiAffinity?: boolean;
}

const encoder = createGoEncoder(podTemplateLayouts, 'value');

type Fields = Record<string, unknown>;
type TextMap = Readonly<Record<string, string>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const omitKeys = (map: TextMap | undefined, keys: readonly string[]): TextMap =>
  Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));

/** Labels and annotations that an annotation of a ReplicaSet records; none when it is not the JSON that it should be. */
export const recordedMetadata = (
  annotation: string | undefined,
): { readonly labels: TextMap; readonly annotations: TextMap } => {
  try {
    const parsed: unknown = JSON.parse(annotation ?? '{}');
    const textsOf = (part: unknown): TextMap => (isFields(part) ? (part as TextMap) : {});
    if (isFields(parsed)) return { labels: textsOf(parsed['labels']), annotations: textsOf(parsed['annotations']) };
  } catch {
    // Edited by hand: then injected keys cannot be told from what the user wants.
  }
  return { labels: {}, annotations: {} };
};

const withoutMetadata = (template: PodTemplateSpec, injected: InjectedParts): PodTemplateSpec => {
  const { labels, annotations } = recordedMetadata(injected.ephemeralMetadata);
  const replaced = recordedMetadata(injected.replacedMetadata);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: {
        ...omitKeys(template.metadata?.labels, [podTemplateHashLabel, ...Object.keys(labels)]),
        ...replaced.labels,
      },
      annotations: {
        ...omitKeys(template.metadata?.annotations, Object.keys(annotations)),
        ...replaced.annotations,
      },
    },
  };
};

const isAboutTheHash = (term: unknown): boolean => {
  if (!isFields(term) || !isFields(term['labelSelector'])) return false;
  const expressions: unknown = term['labelSelector']['matchExpressions'];
  return (
    Array.isArray(expressions) &&
    expressions.some((expression) => isFields(expression) && expression['key'] === podTemplateHashLabel)
  );
};

/** The object without a member that holds nothing any more. */
const withoutEmpty = (object: Fields, key: string): Fields => {
  const { [key]: member, ...rest } = object;
  const empty = isFields(member) ? Object.keys(member).length === 0 : Array.isArray(member) && member.length === 0;
  return empty ? rest : object;
};

const withoutHashTerms = (antiAffinity: Fields): Fields => {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  const kept = (key: string, termOf: (item: unknown) => unknown): Fields => {
    const items: unknown = antiAffinity[key];
    return Array.isArray(items) ? { [key]: items.filter((item: unknown) => !isAboutTheHash(termOf(item))) } : {};
  };
  const stripped = {
    ...antiAffinity,
    ...kept(required, (item) => item),
    ...kept(preferred, (item) => (isFields(item) ? item['podAffinityTerm'] : undefined)),
  };
  return withoutEmpty(withoutEmpty(stripped, required), preferred);
};

const withoutInjectedAntiAffinity = (template: PodTemplateSpec): PodTemplateSpec => {
  const affinity = template.spec?.affinity;
  if (template.spec === undefined || affinity?.podAntiAffinity === undefined) return template;
  const stripped = withoutEmpty(
    { ...affinity, podAntiAffinity: withoutHashTerms(affinity.podAntiAffinity as Fields) },
    'podAntiAffinity',
  );
  return {
    ...template,
    spec: withoutEmpty({ ...template.spec, affinity: stripped }, 'affinity') as PodTemplateSpec['spec'],
  };
};

/** The template without what a controller added to it: hash label, ephemeral metadata, anti-affinity. */
export const withoutInjectedParts = (template: PodTemplateSpec, injected: InjectedParts = {}): PodTemplateSpec => {
  const stripped = withoutMetadata(template, injected);
  return injected.antiAffinity === true ? withoutInjectedAntiAffinity(stripped) : stripped;
};

const remembered = new WeakMap<PodTemplateSpec, Map<string, string>>();

/**
 * One text for all templates that mean the same pods. Remembered by the identity of the object, since every decision
 * compares templates and caches hand out the same objects again: an object must not be changed once it was compared.
 */
export const comparableTemplate = (template: PodTemplateSpec, injected: InjectedParts = {}): string => {
  const key = `${injected.antiAffinity === true ? '+' : '-'}${injected.ephemeralMetadata ?? ''}\n${injected.replacedMetadata ?? ''}`;
  let texts = remembered.get(template);
  if (texts === undefined) remembered.set(template, (texts = new Map()));
  let text = texts.get(key);
  if (text === undefined) {
    text = encoder.encode('PodTemplateSpec', withTemplateDefaults(withoutInjectedParts(template, injected)));
    texts.set(key, text);
  }
  return text;
};

/** What may have been injected into the template of a ReplicaSet under a strategy. */
export const injectedPartsOf = (replicaSet: ReplicaSet, strategy: RolloutStrategy | undefined): InjectedParts => ({
  ephemeralMetadata: replicaSet.metadata.annotations?.[ephemeralMetadataAnnotation],
  replacedMetadata: replicaSet.metadata.annotations?.[replacedMetadataAnnotation],
  antiAffinity: (strategy?.canary?.antiAffinity ?? strategy?.blueGreen?.antiAffinity) !== undefined,
});

/**
 * Whether a desired template and the one of a ReplicaSet mean the same pods: after the API server's defaults, nil the
 * same as empty, quantities by amount, and without the parts that were injected into the ReplicaSet's.
 */
export const templatesEqual = (
  desired: PodTemplateSpec,
  live: PodTemplateSpec,
  injectedIntoLive: InjectedParts = {},
): boolean => comparableTemplate(desired) === comparableTemplate(live, injectedIntoLive);
