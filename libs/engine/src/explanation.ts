import { conditionReasons, conditionTypes, parseTime, pauseSeconds } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';
import { conditionsOf, findCondition } from './conditions.ts';
import type { Explanation } from './decision.ts';
import { releaseWaitedFor } from './routed/release.ts';
import { blockingRouter } from './routed/routers.ts';
import { holdingRefusal, refusalText } from './refusals.ts';
import { heldBack, isUnfinished } from './restart.ts';
import { pauseEnd } from './pause.ts';
import { explainStableMissing } from './stable-missing.ts';
import { waitingForPlugin } from './plugin-step/explanation.ts';
import type { Situation } from './situation.ts';
import { runEntries } from './rollout-analysis/entries.ts';
import { isCompleted } from './analysis-run/metric-phase.ts';
import type { TurnResult } from './turn.ts';
import { blueGreenOf, canaryOf, isFullyPromoted, stepsOf } from './situation.ts';
import { currentStepIndex } from './weight.ts';

const byItself = 'Nothing to do: it goes on by itself.';

/** The one reason why the rollout is where this decision leaves it: the first that fits. */
export function explain(s: Situation, status: RolloutStatus, trouble?: TurnResult['blockedBy']): Explanation {
  const found = reasonOf(s, status, trouble);
  const reason = { ...found, detail: `${found.detail}${alsoRefused(s)}` };
  const set = isUnfinished(s.spec.restartAt, status.restartedAt) ? heldBack(s) : undefined;
  if (!set) return reason;
  const waits = `The restart of ${s.spec.restartAt} waits with the last available pod of ReplicaSet ${set.name}: traffic is sent to that version, while another one has pods as well.`;
  return { ...reason, detail: `${reason.detail} ${waits}` };
}

function reasonOf(s: Situation, status: RolloutStatus, trouble: TurnResult['blockedBy']): Explanation {
  return (
    held(s, status) ??
    createFailed(s) ??
    refused(s) ??
    explainStableMissing({ ...s, status }) ??
    stuck(s, status) ??
    // Before a pause: whoever looks at a version during it has to know that traffic is not where the step wants it.
    waitingForRouter(s, status) ??
    waitingForPerson(s, status) ??
    waitingForPods(s, status) ??
    waitingForRelease(s) ??
    waitingForVerdict(s, status, trouble) ??
    waitingForPlugin(s, status) ??
    waitingForCutover(s, status) ??
    healthy(s)
  );
}

function held({ hold }: Situation, status: RolloutStatus): Explanation | undefined {
  if (hold === undefined) return undefined;
  const aborted = ` The update was aborted; the stable version ${status.stableRS} serves.`;
  return {
    code: hold.type === 'InvalidSpec' ? 'InvalidSpec' : 'NotSupportedHere',
    detail: `${hold.message}${status.abort ? aborted : ''}`,
    unblock: hold.unblock,
  };
}

function createFailed(s: Situation): Explanation | undefined {
  const failure = s.snapshot.createFailure;
  if (!failure || failure.hash !== s.roles.newSet.hash || !s.roles.toCreate) return undefined;
  return {
    code: 'ReplicaSetCreateFailed',
    detail: `The API server does not let ReplicaSet ${s.roles.newSet.name} be created: ${failure.message}`,
    unblock: 'Mend what the message names (a quota, an admission webhook); it is tried again by itself.',
  };
}

function refused({ snapshot }: Situation): Explanation | undefined {
  const refusal = holdingRefusal(snapshot);
  if (!refusal) return undefined;
  return {
    code: 'WriteRefused',
    detail: `${refusalText(refusal)}.`,
    unblock: 'Fix what the message names (a policy, an admission webhook, a permission); Sluice retries automatically.',
  };
}

/** What is refused beside the reason: it keeps nothing from going on. */
function alsoRefused({ snapshot }: Situation): string {
  const others = snapshot.refusals?.filter((refusal) => refusal !== holdingRefusal(snapshot)) ?? [];
  return others
    .slice(0, 1)
    .map((refusal) => ` ${refusalText(refusal)}.`)
    .join('');
}

function stuck(s: Situation, status: RolloutStatus): Explanation | undefined {
  const name = s.rollout.metadata.name;
  const condition = findCondition(conditionsOf(status), conditionTypes.progressing);
  const since = parseTime(condition?.lastTransitionTime);
  if (status.abort) {
    return {
      code: 'Aborted',
      detail: `${condition?.message ?? 'The update was aborted'}; the stable version ${status.stableRS} serves.`,
      unblock: `sluice retry rollout ${name}, or change the pod template.`,
      since: parseTime(status.abortedAt) ?? since,
    };
  }
  if (condition?.reason !== conditionReasons.progressDeadlineExceeded) return undefined;
  const { newSet } = s.roles;
  return {
    code: 'ProgressDeadlineExceeded',
    detail: `${newSet.available} of ${newSet.spec} pods of ReplicaSet ${newSet.name} are available, and nothing has changed for ${s.spec.progressDeadlineSeconds ?? 600} s.`,
    unblock: `Look at its pods (kubectl get pods -l rollouts-pod-template-hash=${newSet.hash}), then mend the template or sluice abort ${name}.`,
    since,
  };
}

function waitingForPerson(s: Situation, status: RolloutStatus): Explanation | undefined {
  const name = s.rollout.metadata.name;
  if (s.spec.paused) {
    return {
      code: 'PausedByUser',
      detail: 'spec.paused is set.',
      unblock: `sluice promote ${name} (or set spec.paused to false).`,
    };
  }
  const pause = status.pauseConditions?.[0];
  if (!pause) return undefined;
  const since = parseTime(pause.startTime);
  if (pause.reason === 'BlueGreenPause') return blueGreenPause(s, pause, since);
  if (pause.reason !== 'CanaryPauseStep') {
    return {
      code: 'PausedInconclusive',
      detail: `A verdict was inconclusive (${pause.reason}).`,
      unblock: `Decide: sluice promote ${name} or sluice abort ${name}.`,
      since,
    };
  }
  const index = currentStepIndex({ ...s, status });
  const step = index === undefined ? undefined : stepsOf(s)[index]?.pause;
  const seconds = step ? pauseSeconds(step) : undefined;
  const place = `step ${(index ?? 0) + 1} of ${stepsOf(s).length}`;
  if (seconds === undefined)
    return {
      code: 'PausedAtStep',
      detail: `It pauses at ${place} until somebody promotes it.`,
      unblock: `sluice promote ${name}`,
      since,
    };
  return {
    code: 'PausedForTime',
    detail: `It pauses at ${place} for ${seconds} s.`,
    unblock: byItself,
    since,
    until: pauseEnd(pause, seconds),
  };
}

function blueGreenPause(
  s: Situation,
  pause: { readonly reason: string; readonly startTime: string },
  since: number | undefined,
): Explanation {
  const seconds = blueGreenOf(s)?.autoPromotionEnabled === false ? 0 : (blueGreenOf(s)?.autoPromotionSeconds ?? 0);
  const detail = `The new version is ready behind the preview and waits to be promoted${seconds > 0 ? `, at the latest after ${seconds} s` : ''}.`;
  const unblock = `sluice promote ${s.rollout.metadata.name}`;
  const until = seconds > 0 ? pauseEnd({ reason: 'BlueGreenPause', startTime: pause.startTime }, seconds) : undefined;
  return { code: 'PausedBeforePromotion', detail, unblock, since, ...(until !== undefined && { until }) };
}

function waitingForRouter(s: Situation, status: RolloutStatus): Explanation | undefined {
  const blocked = canaryOf(s)?.trafficRouting ? blockingRouter(s) : undefined;
  if (!blocked || status.phase === 'Healthy') return undefined;
  return {
    code: 'WaitingForRouter',
    detail: `Traffic router "${blocked.router}": ${blocked.reason}. Weights stay as they are.`,
    unblock: 'Mend what the router says, or bring its plugin back; it goes on by itself then.',
  };
}

function waitingForRelease(s: Situation): Explanation | undefined {
  const waited = releaseWaitedFor(s);
  if (!waited) return undefined;
  return {
    code: 'WaitingForRouter',
    detail: `Traffic router "${waited.router}" has not given back the routes of this Rollout, which names no router any more: ${waited.reason}.`,
    unblock: 'Mend what the router says, or bring its plugin back; it is asked again by itself.',
  };
}

function waitingForPods(s: Situation, status: RolloutStatus): Explanation | undefined {
  const { newSet, stableSet, others } = s.roles;
  if (isUnfinished(s.spec.restartAt, status.restartedAt)) {
    return { code: 'Restarting', detail: `Pods older than ${s.spec.restartAt} are being replaced.`, unblock: byItself };
  }
  const lacking = [newSet, ...(stableSet && stableSet !== newSet ? [stableSet] : [])].find(
    (set) => set.available < set.spec || set.stored === undefined,
  );
  if (lacking) {
    return {
      code: 'WaitingForPods',
      detail: `ReplicaSet ${lacking.name}: ${lacking.available} of ${lacking.spec} pods are available.`,
      unblock: `It goes on when they are; if they never are, look at them: kubectl get pods -l rollouts-pod-template-hash=${lacking.hash}`,
    };
  }
  const old = others.filter((set) => set.replicas > 0 && set.deadline === undefined);
  if (old.length === 0) return undefined;
  return {
    code: 'WaitingForOldPods',
    detail: `Pods of ${old.map((set) => set.name).join(', ')} are on their way out.`,
    unblock: byItself,
  };
}

/** Of an analysis or an experiment, or of somebody who lets it begin. */
function waitingForVerdict(
  s: Situation,
  status: RolloutStatus,
  trouble: TurnResult['blockedBy'],
): Explanation | undefined {
  if (isFullyPromoted(status)) return undefined;
  const name = s.rollout.metadata.name;
  if (trouble) {
    return {
      code: trouble.what === 'experiment' ? 'WaitingForExperiment' : 'WaitingForAnalysis',
      detail: `The ${trouble.what} cannot begin: ${trouble.reason}`,
      unblock: `Mend what the message names; it is tried again by itself. To go on without: sluice promote ${name}.`,
    };
  }
  const index = currentStepIndex({ ...s, status });
  const place = index === undefined ? '' : ` of step ${index + 1} of ${stepsOf(s).length}`;
  const { Step, PrePromotion, PostPromotion } = runEntries(status);
  const run = Step ?? [PostPromotion, PrePromotion].find((entry) => entry && !isCompleted(entry.status));
  if (run) {
    return {
      code: 'WaitingForAnalysis',
      detail: `AnalysisRun ${run.name}${place} is ${run.status || 'about to begin'}${run.message ? `: ${run.message}` : ''}.`,
      unblock: `Nothing to do: its verdict moves the rollout on. To go on without: sluice promote ${name}${Step ? '' : ' --full'}.`,
    };
  }
  const experiment = status.canary?.currentExperiment;
  if (!experiment) return undefined;
  const live = s.snapshot.experiments?.find(({ metadata }) => metadata.name === experiment);
  return {
    code: 'WaitingForExperiment',
    detail: `Experiment ${experiment}${place} is ${live?.status?.phase || 'about to begin'}.`,
    unblock: `Nothing to do: its end moves the rollout on. To go on without: sluice promote ${name}.`,
  };
}

function waitingForCutover(s: Situation, status: RolloutStatus): Explanation | undefined {
  const active = status.blueGreen?.activeSelector;
  if (blueGreenOf(s) && active !== status.currentPodHash) {
    return {
      code: 'WaitingForService',
      detail: `Service ${blueGreenOf(s)!.activeService} is about to point at ${status.currentPodHash}.`,
      unblock: byItself,
    };
  }
  if (isFullyPromoted(status)) return undefined;
  return { code: 'Progressing', detail: `The update to ${status.currentPodHash} is under way.`, unblock: byItself };
}

function healthy(s: Situation): Explanation {
  const waiting = s.roles.others
    .filter((set) => set.spec > 0 && set.deadline !== undefined)
    .toSorted((a, b) => a.deadline! - b.deadline!)[0];
  if (waiting && !Number.isNaN(waiting.deadline)) {
    return {
      code: 'WaitingForScaleDown',
      detail: `All traffic is with the new version; ReplicaSet ${waiting.name} keeps its ${waiting.spec} pods for a quick way back.`,
      unblock: byItself,
      until: waiting.deadline,
    };
  }
  return {
    code: 'Healthy',
    detail: `All ${s.replicas} pods run the version that was asked for.`,
    unblock: 'Nothing to do.',
  };
}
