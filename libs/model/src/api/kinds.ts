import type { TSchema } from '@sinclair/typebox';
import { AnalysisRunSchema, AnalysisTemplateSchema } from './analysis.ts';
import { ExperimentSchema } from './experiment.ts';
import { RolloutSchema } from './rollout.ts';

// The five kinds and what the API server has to know of them.

export const apiGroup = 'argoproj.io';
export const apiVersionName = 'v1alpha1';
export const apiVersion = 'argoproj.io/v1alpha1';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'integer' | 'string' | 'date';
  readonly jsonPath: string;
  readonly description: string;
}

export interface KindFacts {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  /** Only Rollouts have one: on the others a status write is a write of the object and bumps its generation. */
  readonly statusSubresource: boolean;
  readonly scaleSubresource?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string };
  readonly columns: readonly PrinterColumn[];
  /** Schema of spec and status. */
  readonly schema: TSchema;
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created',
};
const phase: PrinterColumn = { name: 'Status', type: 'string', jsonPath: '.status.phase', description: 'Its phase' };
const count = (name: string, jsonPath: string, description: string): PrinterColumn => ({
  name,
  type: 'integer',
  jsonPath,
  description,
});

export const kinds = {
  Rollout: {
    kind: 'Rollout',
    plural: 'rollouts',
    singular: 'rollout',
    shortNames: ['ro'],
    scope: 'Namespaced',
    statusSubresource: true,
    scaleSubresource: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.HPAReplicas',
      labelSelectorPath: '.status.selector',
    },
    columns: [
      count('Desired', '.spec.replicas', 'Number of pods that are wanted'),
      count('Current', '.status.replicas', 'Number of pods'),
      count('Up-to-date', '.status.updatedReplicas', 'Number of pods of the desired version'),
      count('Available', '.status.availableReplicas', 'Number of pods that are available'),
      age,
    ],
    schema: RolloutSchema,
  },
  AnalysisTemplate: {
    kind: 'AnalysisTemplate',
    plural: 'analysistemplates',
    singular: 'analysistemplate',
    shortNames: ['at'],
    scope: 'Namespaced',
    statusSubresource: false,
    columns: [age],
    schema: AnalysisTemplateSchema,
  },
  ClusterAnalysisTemplate: {
    kind: 'ClusterAnalysisTemplate',
    plural: 'clusteranalysistemplates',
    singular: 'clusteranalysistemplate',
    shortNames: ['cat'],
    scope: 'Cluster',
    statusSubresource: false,
    columns: [age],
    schema: AnalysisTemplateSchema,
  },
  AnalysisRun: {
    kind: 'AnalysisRun',
    plural: 'analysisruns',
    singular: 'analysisrun',
    shortNames: ['ar'],
    scope: 'Namespaced',
    statusSubresource: false,
    columns: [phase, age],
    schema: AnalysisRunSchema,
  },
  Experiment: {
    kind: 'Experiment',
    plural: 'experiments',
    singular: 'experiment',
    shortNames: ['exp'],
    scope: 'Namespaced',
    statusSubresource: false,
    columns: [phase, age],
    schema: ExperimentSchema,
  },
} as const satisfies Record<string, KindFacts>;

export type KindName = keyof typeof kinds;
