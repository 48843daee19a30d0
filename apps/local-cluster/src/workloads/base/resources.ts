// The built-in kinds that the workloads read and write.
import type { ResourceRef } from '../../storage/store.ts';

const ref = (group: string, version: string, resource: string): ResourceRef => ({ group, version, resource });

export const pods = ref('', 'v1', 'pods');
export const services = ref('', 'v1', 'services');
export const endpoints = ref('', 'v1', 'endpoints');
export const namespaces = ref('', 'v1', 'namespaces');
export const nodes = ref('', 'v1', 'nodes');
export const events = ref('', 'v1', 'events');
export const configMaps = ref('', 'v1', 'configmaps');
export const secrets = ref('', 'v1', 'secrets');
export const serviceAccounts = ref('', 'v1', 'serviceaccounts');
export const replicaSets = ref('apps', 'v1', 'replicasets');
export const deployments = ref('apps', 'v1', 'deployments');
export const jobs = ref('batch', 'v1', 'jobs');
export const endpointSlices = ref('discovery.k8s.io', 'v1', 'endpointslices');
export const autoscalers = ref('autoscaling', 'v2', 'horizontalpodautoscalers');
export const disruptionBudgets = ref('policy', 'v1', 'poddisruptionbudgets');
export const customResourceDefinitions = ref('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = (r: ResourceRef): string => (r.group ? `${r.group}/${r.version}` : r.version);

/** The group of an apiVersion: `apps` of `apps/v1`, the empty string of `v1`. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
