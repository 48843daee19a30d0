import { experimentTemplateNameAnnotation, fittingServiceName } from '@sluice/model';
import type { ExperimentTemplate, ReplicaSet, Service, ServicePort } from '@sluice/model';
import { targetOf } from '../plan.ts';
import type { ExperimentAction } from './decision.ts';
import { annotationsFor, buildReplicaSet, ownerReferenceTo } from './replica-sets.ts';
import { mayBeRouted } from './routes.ts';
import { desiredReplicas, isMadeFor, replicaSetName } from './situation.ts';
import type { Situation } from './situation.ts';

export const serviceName = (s: Situation, template: ExperimentTemplate): string =>
  template.service?.name || fittingServiceName(replicaSetName(s.experiment, template.name));

/** The Service that is to stand in front of this template's pods now, as it exists. */
export function serviceOf(s: Situation, template: ExperimentTemplate): Service | undefined {
  if (!template.service) return undefined;
  const name = serviceName(s, template);
  return s.snapshot.services.find(
    (service) => service.metadata.name === name && isMadeFor(service, s.experiment, template.name),
  );
}

/**
 * One port for each container port, under its own number and name. Without any there is no Service. Source: spec-experiment §6.
 * Of several ports each needs a name, and neither a name nor a number may come twice.
 */
export function portsOf(template: ExperimentTemplate): readonly ServicePort[] {
  const all = (template.template?.spec?.containers ?? []).flatMap(({ ports }) =>
    (ports ?? []).map(({ name, containerPort, protocol }): ServicePort => ({
      ...(name !== undefined && { name }),
      ...(protocol !== undefined && { protocol }),
      port: containerPort,
      targetPort: containerPort,
    })),
  );
  const distinct = all.filter((port, index) => all.findIndex((other) => numberOf(other) === numberOf(port)) === index);
  return distinct.length > 1 ? withNames(distinct) : distinct;
}

const numberOf = ({ port, protocol }: ServicePort): string => `${(protocol ?? 'TCP').toLowerCase()}-${port}`;

function withNames(ports: readonly ServicePort[]): readonly ServicePort[] {
  const used = new Set<string>();
  const given = ports.map(({ name }) => {
    const isFree = name !== undefined && name !== '' && !used.has(name);
    if (isFree) used.add(name);
    return isFree ? name : undefined;
  });
  return ports.map((port, index) => {
    const name = given[index] ?? freeName(numberOf(port), used);
    used.add(name);
    return { ...port, name };
  });
}

function freeName(wanted: string, used: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 2; used.has(name); count++) name = `${wanted}-${count}`;
  return name;
}

function buildService(s: Situation, template: ExperimentTemplate, set: ReplicaSet): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceName(s, template),
      namespace: s.experiment.metadata.namespace,
      annotations: annotationsFor(s.experiment, template.name),
      ownerReferences: [ownerReferenceTo(s.experiment)],
    },
    spec: { selector: { ...set.metadata.labels }, ports: [...portsOf(template)] },
  };
}

/** Whether the Service may go: nobody is behind it any more, and nobody is sent to it. */
export function isDeserted(s: Situation, template: ExperimentTemplate): boolean {
  if (desiredReplicas(s, template) > 0) return false;
  const set = s.sets.get(template.name);
  return set === undefined || ((set.status?.availableReplicas ?? 0) === 0 && !mayBeRouted(s, set));
}

/** The Services that are missing, right behind their ReplicaSets; then those that go. */
export function serviceActions(s: Situation): readonly ExperimentAction[] {
  const kept = new Set<Service>();
  const creations: ExperimentAction[] = [];
  for (const template of s.templates) {
    const existing = serviceOf(s, template);
    if (existing && !isDeserted(s, template)) kept.add(existing);
    if (existing || !template.service || desiredReplicas(s, template) === 0 || portsOf(template).length === 0) continue;
    const set = s.sets.get(template.name) ?? buildReplicaSet(s, template);
    const service = buildService(s, template, set);
    creations.push({ kind: 'CreateService', template: template.name, service, events: [] });
  }
  const ours = s.snapshot.services.filter(
    ({ metadata }) => metadata.annotations?.[experimentTemplateNameAnnotation] !== undefined,
  );
  const deletions = ours
    .filter((service) => !kept.has(service) && !service.metadata.deletionTimestamp && !isAwaited(s, service))
    .map((service): ExperimentAction => ({ kind: 'DeleteService', target: targetOf(service), events: [] }));
  return [...creations, ...deletions];
}

/** A Service under a name that its template no longer has stays until the one that replaces it exists. */
function isAwaited(s: Situation, service: Service): boolean {
  const template = s.templates.find(({ name }) => isMadeFor(service, s.experiment, name));
  if (!template?.service) return false;
  return serviceOf(s, template) === undefined && !isDeserted(s, template);
}
