import { formatTime, parseTime } from '@sluice/model';
import type { ExperimentTemplate, ReplicaSet, TemplateStatus, TemplateStatusCode } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';
import type { ExperimentEvent } from './decision.ts';
import { templateChanged } from './events.ts';
import { hashOf, planSet } from './replica-sets.ts';
import { isDeserted, serviceName, serviceOf } from './services.ts';
import {
  desiredReplicas,
  hasElapsed,
  isTemplateCompleted,
  isTerminating,
  replicaSetName,
  templateStatusOf,
} from './situation.ts';
import type { Situation } from './situation.ts';
import { progressDeadlineSeconds } from './validity.ts';

export interface TemplateTurn {
  readonly statuses: readonly TemplateStatus[];
  readonly events: readonly ExperimentEvent[];
}

/** What the status says of each template, in the order of the spec. Source: spec-experiment §4. */
export function templateTurn(s: Situation): TemplateTurn {
  const statuses: TemplateStatus[] = [];
  const events: ExperimentEvent[] = [];
  for (const template of s.templates) {
    const before = templateStatusOf(s.status, template.name);
    const after = nextStatus(s, template, before);
    statuses.push(after);
    if (after.status && after.status !== before?.status)
      events.push(templateChanged(template.name, before?.status, after.status, after.message));
  }
  return { statuses, events };
}

function nextStatus(s: Situation, template: ExperimentTemplate, before: TemplateStatus | undefined): TemplateStatus {
  const set = s.sets.get(template.name);
  const counters = countersOf(set);
  const changedAt = transitionTime(s, template, set, before, counters);
  const isTaken = isNameTaken(s, template);
  const judged = judge(s, template, before, changedAt);
  return {
    name: template.name,
    ...counters,
    ...(isTaken || before?.collisionCount ? { collisionCount: before?.collisionCount || 1 } : {}),
    status: judged.status,
    ...(judged.message && { message: judged.message }),
    lastTransitionTime: formatTime(changedAt),
    ...servicePart(s, template),
  };
}

const countersOf = (set: ReplicaSet | undefined) => ({
  replicas: set?.status?.replicas ?? 0,
  updatedReplicas: set?.status?.replicas ?? 0,
  readyReplicas: set?.status?.readyReplicas ?? 0,
  availableReplicas: set?.status?.availableReplicas ?? 0,
});

type Counters = ReturnType<typeof countersOf>;

const sameCounters = (before: TemplateStatus, counters: Counters): boolean =>
  (['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).every(
    (key) => (before[key] ?? 0) === counters[key],
  );

/** The progress deadline runs from here: the last change of a counter or of the size that is asked for. */
function transitionTime(
  s: Situation,
  template: ExperimentTemplate,
  set: ReplicaSet | undefined,
  before: TemplateStatus | undefined,
  counters: Counters,
): EpochMs {
  const stored = parseTime(before?.lastTransitionTime);
  if (!before || stored === undefined || !sameCounters(before, counters)) return s.now;
  const isScaling = set !== undefined && planSet(s, template, set).replicas !== (set.spec.replicas ?? 1);
  return isScaling && !set.metadata.deletionTimestamp ? s.now : stored;
}

export const isNameTaken = (s: Situation, { name }: ExperimentTemplate): boolean =>
  !s.sets.has(name) && !!s.snapshot.answers?.takenNames?.includes(replicaSetName(s.experiment, name));

interface Judgement {
  readonly status: TemplateStatusCode;
  readonly message?: string | undefined;
}

function judge(
  s: Situation,
  template: ExperimentTemplate,
  before: TemplateStatus | undefined,
  changedAt: EpochMs,
): Judgement {
  if (before?.status && isTemplateCompleted(before.status)) return { status: before.status, message: before.message };
  if (isTerminating(s)) return { status: 'Successful' };
  const failure = failureOf(s, template, before);
  if (failure !== undefined) return { status: 'Error', message: failure };
  const available = s.sets.get(template.name)?.status?.availableReplicas ?? 0;
  const desired = desiredReplicas(s, template);
  // Pods that came before anything was stored came after the beginning all the same.
  const hasBegun = before?.status !== undefined || desired === 0;
  if (available === desired && hasBegun) return { status: hasElapsed(s) ? 'Successful' : 'Running' };
  const seconds = progressDeadlineSeconds(s.experiment);
  if (s.now > changedAt + seconds * 1000)
    return {
      status: 'Failed',
      message: `Template '${template.name}' exceeded its progressDeadlineSeconds (${seconds})`,
    };
  const taken = `ReplicaSet ${replicaSetName(s.experiment, template.name)} exists already and does not belong to this experiment`;
  return { status: 'Progressing', ...(isNameTaken(s, template) && { message: taken }) };
}

/** Its Service is only asked for once its ReplicaSet is: a template has begun by then, and tells so. */
function failureOf(s: Situation, template: ExperimentTemplate, before: TemplateStatus | undefined): string | undefined {
  const { replicaSetFailures = {}, serviceFailures = {} } = s.snapshot.answers ?? {};
  const { name } = template;
  if (!s.sets.has(name) && Object.hasOwn(replicaSetFailures, name))
    return `Failed to create ReplicaSet for template '${name}': ${replicaSetFailures[name]}`;
  if (before?.status && template.service && !serviceOf(s, template) && Object.hasOwn(serviceFailures, name))
    return `Failed to create Service ${serviceName(s, template)} for template '${name}': ${serviceFailures[name]}`;
  return undefined;
}

/** Routers are told of a Service by these two fields: they stand as long as the Service does. */
function servicePart(
  s: Situation,
  template: ExperimentTemplate,
): Pick<TemplateStatus, 'serviceName' | 'podTemplateHash'> {
  const hash = hashOf(s.sets.get(template.name));
  if (hash === undefined || !serviceOf(s, template) || isDeserted(s, template)) return {};
  return { serviceName: serviceName(s, template), podTemplateHash: hash };
}
