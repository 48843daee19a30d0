// What was recorded from the reference, for tests: objects as it stored them at some moment of an update.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Deployment, KubeObject, PodTemplateSpec, ReplicaSet, Rollout } from '../src/index.ts';

const parity = new URL('../../../tools/parity/', import.meta.url);
const takeover = fileURLToPath(new URL('takeover/', parity));

export interface Moment {
  readonly name: string;
  readonly objects: readonly KubeObject[];
  readonly rollout: Rollout;
  /** Template of the desired version: the Rollout's own, or that of the workload that it refers to. */
  readonly template: PodTemplateSpec;
  /** ReplicaSets that the Rollout owns. */
  readonly replicaSets: readonly ReplicaSet[];
}

const momentOf = (file: string): Moment => {
  const objects = JSON.parse(readFileSync(takeover + file, 'utf8')) as KubeObject[];
  const rollout = objects.find(({ kind }) => kind === 'Rollout') as Rollout;
  const workload = objects.find(({ kind }) => kind === 'Deployment') as Deployment | undefined;
  return {
    name: file.replace(/\.json$/, ''),
    objects,
    rollout,
    template: rollout.spec.template ?? workload?.spec.template ?? {},
    replicaSets: objects.filter(
      ({ kind, metadata }) =>
        kind === 'ReplicaSet' && metadata.ownerReferences?.some((owner) => owner.kind === 'Rollout'),
    ) as ReplicaSet[],
  };
};

export const moments: readonly Moment[] = readdirSync(takeover).sort().map(momentOf);

/** The same template with the image that another version of it runs. */
export const withImage = (template: PodTemplateSpec, image: string | undefined): PodTemplateSpec => {
  const copy = structuredClone(template);
  for (const container of copy.spec?.containers ?? []) container.image = image;
  return copy;
};

interface Recording {
  readonly checkpoints: Record<string, { Rollout?: Record<string, { status: { message?: string } }> }>;
}

export const recording = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`recorded/${name}.json`, parity), 'utf8')) as Recording;

export const linesOf = <Line>(url: URL): Line[] =>
  readFileSync(url, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
