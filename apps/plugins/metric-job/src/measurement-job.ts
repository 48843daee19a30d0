import { createHash } from 'node:crypto';
import { resources, apiVersionOf } from '@sluice/kube';
import type { KubeObject, OwnerReference } from '@sluice/kube';
import type { JsonObject } from '@sluice/plugin-sdk';
import { untilRead } from './retention.ts';
import { isObject } from './settings.ts';
import type { JobSettings } from './settings.ts';

/** What a Job measures: one measurement of one metric of one AnalysisRun. */
export interface Measured {
  readonly run: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly metric: string;
  /** Counted from 1, over measurements of every phase. */
  readonly ordinal: number;
}

/** By these marks a Job is found again, by us and by tools that people have. */
export const marks = {
  runUid: 'analysisrun.argoproj.io/uid',
  runName: 'analysisrun.argoproj.io/name',
  runNamespace: 'analysisrun.argoproj.io/namespace',
  metric: 'analysisrun.argoproj.io/metric-name',
  ordinal: 'sluice.dev/measurement',
  /** Why a Job that never began was given up as Inconclusive. */
  givenUp: 'sluice.dev/inconclusive',
  /** The manifest's `ttlSecondsAfterFinished`, which the Job gets when its verdict was read. */
  ttl: 'sluice.dev/ttl-seconds-after-finished',
} as const;

// A Job's name is a label of its pods, and a label has at most 63 characters.
const longestName = 63;

/**
 * The names that a measurement's Job may have, the usual one first: `<run uid>.<metric>.<ordinal>`, the metric cut so that it fits. Metrics of one run that are
 * cut to the same name share it; whoever comes second takes the other name, which tells them apart by a digest.
 */
export function jobNames({ run, metric, ordinal }: Measured): readonly [usual: string, other: string] {
  const end = String(ordinal);
  const room = longestName - run.uid.length - end.length - 2;
  const digest = createHash('sha256').update(metric).digest('hex').slice(0, 8);
  const named = (part: string): string => `${run.uid}.${part}.${end}`;
  const usual = asNamePart(metric, room);
  return [named(usual === '' ? digest : usual), named(`${asNamePart(metric, room - 9)}-${digest}`.replace(/^-/, ''))];
}

// Metrics may be called anything; names of objects may not.
function asNamePart(text: string, length: number): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/\.+/g, '.')
    .slice(0, Math.max(0, length))
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .replaceAll(/[.-]*\.[.-]*/g, '.');
}

/** The Job as it is created. `owned` is false where the AnalysisRun is in another namespace or cluster: owner references do not reach there. */
export function measurementJob(
  measured: Measured,
  settings: JobSettings,
  place: { readonly namespace: string; readonly name: string; readonly owned: boolean },
): KubeObject & { readonly spec: JsonObject } {
  const { run, metric, ordinal } = measured;
  const mark = { [marks.runUid]: run.uid };
  const template = isObject(settings.spec['template']) ? settings.spec['template'] : {};
  const templateMetadata = isObject(template['metadata']) ? template['metadata'] : {};
  const templateLabels = isObject(templateMetadata['labels']) ? templateMetadata['labels'] : {};
  const kept = untilRead(settings.spec, place.owned);
  return {
    apiVersion: apiVersionOf(resources.jobs),
    kind: resources.jobs.kind,
    metadata: {
      name: place.name,
      namespace: place.namespace,
      labels: { ...settings.labels, ...mark },
      annotations: {
        ...settings.annotations,
        [marks.runName]: run.name,
        [marks.runNamespace]: run.namespace,
        [marks.metric]: metric,
        [marks.ordinal]: String(ordinal),
        ...kept.annotations,
      },
      ...(place.owned ? { ownerReferences: [ownerOf(run)] } : {}),
    },
    spec: {
      ...kept.spec,
      template: { ...template, metadata: { ...templateMetadata, labels: { ...templateLabels, ...mark } } },
    },
  };
}

function ownerOf(run: Measured['run']): OwnerReference {
  return {
    apiVersion: apiVersionOf(resources.analysisRuns),
    kind: resources.analysisRuns.kind,
    name: run.name,
    uid: run.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Whether a Job that is there already is this very measurement's. One without our annotations was made by whoever measured before us. */
export function measures({ metadata }: KubeObject, { run, metric, ordinal }: Measured): boolean {
  const { labels = {}, annotations = {} } = metadata;
  const said = (mark: string): string | undefined => annotations[mark];
  return (
    labels[marks.runUid] === run.uid &&
    (said(marks.metric) ?? metric) === metric &&
    (said(marks.ordinal) ?? String(ordinal)) === String(ordinal)
  );
}

/** The message with which the measurement of this Job was given up; undefined where it was not. */
export function givenUpFor({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[marks.givenUp];
}
