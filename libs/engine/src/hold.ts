import { conditionReasons, conditionTypes, eventReasons } from '@sluice/model';
import type { Rollout, RolloutSpec, RolloutStatus } from '@sluice/model';
import { behindLeftOut } from './ahead.ts';
import { conditionsOf, findCondition, withCondition, without } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import type { EventIntent } from './decision.ts';
import { event } from './events.ts';
import { hasAnalyses } from './rollout-analysis/wanted.ts';
import type { EpochMs, RolloutSnapshot } from './snapshot.ts';
import { problemWith } from './validity.ts';

/**
 * What is wrong with a Rollout, or missing in the installation, and what that keeps from going on. It never keeps a Rollout from returning
 * to its stable version, and pods follow `spec.replicas`: see `isBlocked`.
 */
export interface Hold {
  readonly type: 'InvalidSpec' | 'NotInstalled';
  readonly message: string;
  readonly unblock: string;
  /** Whether something that lies ahead of the update needs what is wrong. */
  readonly blocks: boolean;
  /** Whether the pods of a first deployment are made all the same: they need nothing of it. */
  readonly deploys: boolean;
}

type Reason = Omit<Hold, 'blocks'>;

/** Names of the routers that the strategy asks for, as plugins are named. */
export function routersOf(spec: RolloutSpec): readonly string[] {
  const routing = spec.strategy?.canary?.trafficRouting;
  if (!routing) return [];
  const { plugins, managedRoutes: _managed, maxTrafficWeight: _max, ...named } = routing;
  const names = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  return [...names.map(([name]) => name), ...Object.keys(plugins ?? {})];
}

/** What this Rollout needs and this installation does not have; undefined when it has all. */
export function missingCapability({ rollout, capabilities }: RolloutSnapshot): string | undefined {
  const missing = routersOf(rollout.spec).find((name) => !capabilities.routers.includes(name));
  if (missing) return `traffic router "${missing}"`;
  if (!capabilities.analysis && hasAnalyses(rollout.spec)) return 'the analysis-runner (the strategy has an analysis)';
  const steps = rollout.spec.strategy?.canary?.steps ?? [];
  if (!capabilities.experiments && steps.some((step) => step.experiment))
    return 'the experiment-manager (a step is an experiment)';
  // A step plugin that is not there holds its step, and nothing else.
  return undefined;
}

/** The strategy has a `trafficRouting`, and no router in it. */
export const namesNoRouter = ({ strategy }: RolloutSpec): boolean =>
  !!strategy?.canary?.trafficRouting && routersOf({ strategy }).length === 0;

const noRouterMessage =
  'spec.strategy.canary.trafficRouting: Required value: it names no traffic router. The API server drops fields that ' +
  'the CRD does not have, such as a misspelt name: set one of alb, ambassador, apisix, appMesh, istio, nginx, smi, ' +
  'traefik or plugins (the Gateway API is a plugin), or remove trafficRouting';

function reasonOf(snapshot: RolloutSnapshot): Reason | undefined {
  const { rollout } = snapshot;
  const problem = problemWith(snapshot);
  if (problem !== undefined) return invalid(rollout, problem, false);
  if (namesNoRouter(rollout.spec)) return invalid(rollout, noRouterMessage, true);
  const missing = missingCapability(snapshot);
  if (missing === undefined) return undefined;
  const unblock = 'Install it (its Helm chart, or the plugin list of the installation), or remove it from the strategy';
  const what = `${missing[0]!.toUpperCase()}${missing.slice(1)}`;
  const message = `${what} is not installed. Sluice is not reconciling this Rollout. ${unblock}.`;
  return { type: 'NotInstalled', message, unblock: `${unblock}; Sluice continues automatically.`, deploys: true };
}

const invalid = ({ metadata }: Rollout, problem: string, deploys: boolean): Reason => ({
  type: 'InvalidSpec',
  message: `The Rollout "${metadata.name}" is invalid: ${problem}`,
  unblock: 'Fix the field that is named and apply the Rollout again, or create the object that is missing.',
  deploys,
});

/** What is wrong now, at the place of the update that the status tells of. `isKnown`: the template is that of the version in the status. */
export function holdOf(snapshot: RolloutSnapshot, status: RolloutStatus, isKnown: () => boolean): Hold | undefined {
  const reason = reasonOf(snapshot);
  if (reason === undefined) return undefined;
  if (!status.stableRS) return { ...reason, blocks: !reason.deploys };
  const ahead = isKnown() ? { ...snapshot, rollout: behindLeftOut(snapshot.rollout, status) } : snapshot;
  return { ...reason, blocks: reasonOf(ahead) !== undefined };
}

const types = [conditionTypes.invalidSpec, conditionTypes.notInstalled] as const;

/** The conditions with the one that says what is wrong, and without those that no longer hold. */
export function heldConditions(before: Conditions, hold: Hold | undefined, now: EpochMs): Conditions {
  let conditions = before;
  for (const type of types) {
    const isSame = hold?.type === type && findCondition(before, type)?.message === hold.message;
    if (!isSame) conditions = without(conditions, type);
  }
  if (hold === undefined) return conditions;
  const { type, message } = hold;
  const reason = type === 'InvalidSpec' ? conditionReasons.invalidSpec : conditionReasons.notInstalled;
  return withCondition(conditions, { type, status: 'True', reason, message }, now);
}

/** One Warning for each reason. */
export function holdEvents(status: RolloutStatus, hold: Hold | undefined): readonly EventIntent[] {
  if (hold === undefined || findCondition(conditionsOf(status), hold.type)?.message === hold.message) return [];
  const reason = hold.type === 'InvalidSpec' ? eventReasons.invalidSpec : eventReasons.notInstalled;
  return [event(reason, hold.message)];
}
