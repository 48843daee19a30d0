import { type Capabilities, type Explanation, decideRollout, noCapabilities, routersOf } from '@sluice/engine';
import type { KubeClient } from '@sluice/kube';
import { conditionTypes } from '@sluice/model';
import type { Rollout } from '@sluice/model';
import { assembleFromApi } from '@sluice/rollout-controller';
import { readRollout } from './cluster.ts';
import { CommandError } from './errors.ts';
import { type OtherController, liveOtherController } from './other-controller.ts';
import { type Phase, rolloutPhase } from './view/phase.ts';

/** Where a Rollout is, and why. */
export interface ExplainedRollout {
  readonly phase: Phase;
  readonly explanation: Explanation;
  /** Who else looks after it: then Sluice only observes. */
  readonly otherController: OtherController | undefined;
}

/**
 * Looks at a Rollout as the controller does, decides what the controller would, does nothing of it, and gives the reason.
 *
 * @throws KubeError when the Rollout is not there or may not be read
 */
export async function explainRollout(client: KubeClient, name: string, nowMs: number): Promise<ExplainedRollout> {
  const read = await readRollout(client, name);
  const otherController = await liveOtherController(client, read, nowMs);
  // Who keeps its status up to date has what it needs; what another controller can do is its own affair.
  const isServed = otherController !== undefined || isObserved(read);
  const capabilities = isServed ? allThatItNames(read) : noCapabilities;
  const snapshot = await assembleFromApi(client, client.namespace, name, { now: nowMs, capabilities });
  if (snapshot === undefined) throw new CommandError(`rollout "${name}" has been deleted`);
  const phase = rolloutPhase(snapshot.rollout);
  const generation = snapshot.rollout.metadata.generation ?? 0;
  const observed = Number(snapshot.rollout.status?.observedGeneration ?? 0);
  const { explanation } = decideRollout(snapshot);
  // What should happen next says little as long as nobody is there to do it.
  const isAwaited = observed < generation && !leavesStatusAlone.has(explanation.code);
  if (isAwaited) return { phase, explanation: notObserved(generation, observed), otherController };
  const told = notInstalled(snapshot.rollout) ?? toldByStatus(snapshot.rollout, explanation);
  return { phase, explanation: told ?? explanation, otherController };
}

/** What an installation lacks only its controller knows, which wrote it into the status. */
function notInstalled({ status }: Rollout): Explanation | undefined {
  const condition = status?.conditions?.find(({ type }) => type === conditionTypes.notInstalled);
  if (condition === undefined) return undefined;
  const unblock = 'Install what is missing, or remove it from the strategy; Sluice continues automatically.';
  return { code: 'NotSupportedHere', detail: condition.message, unblock };
}

const isObserved = ({ metadata, status }: Rollout): boolean =>
  status?.observedGeneration === String(metadata.generation ?? 0);

/** What plugins and other services answer, the controller alone knows, and the status, into which it wrote it. */
function toldByStatus({ status }: Rollout, { code }: Explanation): Explanation | undefined {
  const [, what, reason] =
    /^waiting for (traffic router "[^"]*"|step plugin "[^"]*"|analysis|experiment): (.*)$/s.exec(
      status?.message ?? '',
    ) ?? [];
  if (what === undefined || reason === undefined || code.startsWith('Paused')) return undefined;
  return {
    code: waitingCode(what),
    detail: `${what[0]?.toUpperCase()}${what.slice(1)}: ${reason}.`,
    unblock: 'Mend what it says, or bring it back; it goes on by itself then.',
  };
}

function waitingCode(what: string): Explanation['code'] {
  if (what === 'analysis') return 'WaitingForAnalysis';
  if (what === 'experiment') return 'WaitingForExperiment';
  return what.startsWith('step plugin') ? 'WaitingForPlugin' : 'WaitingForRouter';
}

/** A controller that looks at these writes nothing, so that its not having written says nothing. */
const leavesStatusAlone: ReadonlySet<Explanation['code']> = new Set(['Deleting', 'CannotObserve']);

function allThatItNames({ spec, status }: Rollout): Capabilities {
  const steps = spec.strategy?.canary?.steps ?? [];
  const stepPlugins = [
    ...steps.flatMap(({ plugin }) => (plugin?.name === undefined ? [] : [plugin.name])),
    // Whose steps have left the spec, and who have yet to end what they began.
    ...(status?.canary?.stepPluginStatuses ?? []).map(({ name }) => name),
  ];
  return { routers: routersOf(spec), analysis: true, experiments: true, stepPlugins };
}

function notObserved(generation: number, observed: number): Explanation {
  return {
    code: 'Progressing',
    detail: `No controller has looked at the newest spec yet (generation ${generation}, observed ${observed}).`,
    unblock: 'It goes on by itself within seconds; if it does not, no controller is running for this Rollout.',
  };
}
