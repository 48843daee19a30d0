import { parseTime } from '@sluice/model';
import type { ExperimentExplanation } from './decision.ts';
import { waitingAnalyses } from './analyses.ts';
import { planSet } from './replica-sets.ts';
import { timeIsOverAt, desiredReplicas, isCompleted, replicaSetName, unmeasured } from './situation.ts';
import type { Situation } from './situation.ts';
import { isNameTaken } from './templates.ts';

const byItself = 'Nothing to do: it goes on by itself.';

/** The one reason why the experiment is where this decision leaves it: the first that fits. */
export function explain(s: Situation): ExperimentExplanation {
  return (
    (isCompleted(s.status.phase) ? afterTheEnd(s) : undefined) ??
    waitingForPods(s) ??
    waitingForAnalyses(s) ??
    running(s)
  );
}

function afterTheEnd(s: Situation): ExperimentExplanation {
  const { phase, message } = s.status;
  for (const template of s.templates) {
    const set = s.sets.get(template.name);
    if (!set || (set.spec.replicas ?? 1) === 0) continue;
    const plan = planSet(s, template, set);
    const of = `ReplicaSet ${set.metadata.name}`;
    if (plan.routed)
      return {
        code: 'WaitingForRoutes',
        detail: `It has ended (${phase}). The Rollout that made it may still send traffic to ${of}: its pods stay until that has ended.`,
        unblock: 'Nothing to do, unless the Rollout waits for its router: sluice explain says so.',
      };
    if (plan.wakeAt !== undefined)
      return {
        code: 'WaitingForScaleDown',
        detail: `It has ended (${phase}). ${of} keeps its pods for the scale-down delay.`,
        unblock: byItself,
        until: plan.wakeAt,
      };
  }
  return {
    code: 'Ended',
    detail: `It has ended: ${phase}${message ? ` (${message})` : ''}.`,
    unblock: `Nothing to do; sluice retry experiment ${s.experiment.metadata.name} runs it again.`,
  };
}

function waitingForPods(s: Situation): ExperimentExplanation | undefined {
  for (const template of s.templates) {
    const name = replicaSetName(s.experiment, template.name);
    if (isNameTaken(s, template))
      return {
        code: 'NameTaken',
        detail: `ReplicaSet ${name} exists already and does not belong to this experiment.`,
        unblock: `Delete or rename that ReplicaSet (kubectl delete replicaset ${name}), or rename the template.`,
      };
    const desired = desiredReplicas(s, template);
    const available = s.sets.get(template.name)?.status?.availableReplicas ?? 0;
    if (available !== desired && desired > 0)
      return {
        code: 'WaitingForPods',
        detail: `ReplicaSet ${name}: ${available} of ${desired} pods are available.`,
        unblock: `It goes on when they are; if they never are, look at them: kubectl describe replicaset ${name}`,
      };
  }
  return undefined;
}

function waitingForAnalyses(s: Situation): ExperimentExplanation | undefined {
  const [waiting] = waitingAnalyses(s);
  if (waiting?.wish === 'unknown')
    return {
      code: 'CannotObserve',
      detail: `The templates of analysis "${waiting.analysis.name}" could not be read.`,
      unblock: 'It is tried again by itself; look at the permissions of the experiment-manager if it stays so.',
    };
  const idle = unmeasured(s);
  if (idle.length === 0) return undefined;
  const names = idle.map(({ name }) => `"${name}"`).join(', ');
  const trouble = s.snapshot.answers?.analysisRunnerTrouble;
  return {
    code: 'WaitingForAnalysisRunner',
    detail: `The analyses ${names} have not measured anything yet${trouble ? `: ${trouble}` : ''}. The experiment does not end by time before they have.`,
    unblock: trouble ? 'Bring the analysis-runner back; it goes on by itself then.' : byItself,
  };
}

function running(s: Situation): ExperimentExplanation {
  const end = timeIsOverAt(s);
  if (end !== undefined && s.now < end)
    return {
      code: 'RunningForTime',
      detail: `All versions run side by side since ${s.status.availableAt}, for ${s.experiment.spec.duration}.`,
      unblock: byItself,
      until: end,
    };
  const required = s.analyses
    .filter(({ requiredForCompletion }) => requiredForCompletion)
    .map(({ name }) => `"${name}"`);
  if (required.length > 0)
    return {
      code: 'WaitingForAnalyses',
      detail: `It runs until the analyses ${required.join(', ')} have ended.`,
      unblock: byItself,
    };
  if (end !== undefined && parseTime(s.status.availableAt) !== undefined)
    return { code: 'RunningForTime', detail: 'Its time is over; it is about to end.', unblock: byItself };
  return {
    code: 'RunningUntilTerminated',
    detail: 'All versions run side by side; neither a duration nor a required analysis ends it.',
    unblock: `sluice terminate experiment ${s.experiment.metadata.name}`,
  };
}
