import type { PodInfo, ReplicaSetInfo, RolloutInfo, Weights } from '@sluice/cli';
import { renderAnalyses } from './render-analysis.ts';
import { newestExperiment, renderExperiment } from './render-experiment.ts';

/**
 * One moment of a Rollout in a few lines for a terminal of `width` columns. `seconds` is the time since the command was given; `traffic` is what
 * clients get meanwhile, `weights` what versions of experiments are given of it.
 */
export function renderBlock(
  rollout: RolloutInfo,
  seconds: number,
  width: number,
  { traffic, weights = new Map() }: { readonly traffic?: string | undefined; readonly weights?: Weights } = {},
): string[] {
  const experiment = newestExperiment(rollout);
  const message = rollout.message ? `: ${rollout.message}` : '';
  const lines = [
    `${rollout.icon} ${rollout.objectMeta.name}  ${rollout.status}${message}`,
    `  ${position(rollout)}`,
    ...shownSets(rollout).map((set) => `  ${setLine(set)}`),
    ...renderAnalyses(rollout, 'all').map((analysis) => `  measured  ${analysis}`),
    ...(experiment === undefined ? [] : renderExperiment(experiment, weights).map((line) => `  ${line}`)),
    ...(traffic === undefined ? [] : [`  ${traffic}`]),
    `  ${seconds.toFixed(1)} s`,
  ];
  return lines.map((line) => fit(line, width));
}

/** The same moment in one line, for a log. Equal moments give equal lines. */
export function renderLine(rollout: RolloutInfo): string {
  const sets = shownSets(rollout).map((set) => {
    const ready = set.pods.filter(isReady).length;
    return `rev ${set.revision}${roles(set)} ${shortImages(set)} ${ready}/${set.pods.length} ready`;
  });
  const message = rollout.message ? ` (${rollout.message})` : '';
  // Not each measurement that went well: what is to be seen is where it turned.
  const analyses = renderAnalyses(rollout, 'trouble');
  return [`${rollout.status}${message}`, position(rollout), ...sets, ...analyses].filter(Boolean).join(' | ');
}

function position(rollout: RolloutInfo): string {
  const pods = `${rollout.ready} of ${rollout.desired} ready, ${rollout.updated} updated`;
  if (rollout.strategy !== 'Canary') return `${rollout.strategy}  ${pods}`;
  const weight = `canary ${rollout.actualWeight} %`;
  if (rollout.steps.length === 0) return `${weight}  ${pods}`;
  const index = Number(rollout.step.split('/')[0]);
  return `step ${rollout.step} ${stepText(rollout.steps[index])}  ${bar(Number(rollout.actualWeight))} ${weight}  ${pods}`;
}

function stepText(step: RolloutInfo['steps'][number] | undefined): string {
  if (step === undefined) return 'done';
  if (step.setWeight !== undefined) return `setWeight ${step.setWeight}`;
  if (step.pause !== undefined) return step.pause.duration === undefined ? 'pause' : `pause ${step.pause.duration}`;
  return Object.keys(step)[0] ?? '';
}

function bar(percent: number): string {
  const filled = Math.round(Math.min(100, Math.max(0, percent)) / 10);
  return `${'█'.repeat(filled)}${'░'.repeat(10 - filled)}`;
}

// Sets without pods are history, unless they are what the Rollout runs on or goes to.
function shownSets(rollout: RolloutInfo): ReplicaSetInfo[] {
  return rollout.replicaSets.filter(
    (set) => set.pods.length > 0 || set.stable || set.canary || set.active || set.preview,
  );
}

function setLine(set: ReplicaSetInfo): string {
  const pods = set.pods.map((pod) => (isReady(pod) ? '●' : pod.icon === '✖' || pod.icon === '⚠' ? '✖' : '○')).join('');
  return `rev ${set.revision}  ${set.objectMeta.name}${roles(set)}  ${shortImages(set)}  ${pods || 'no pods'}`;
}

function roles(set: ReplicaSetInfo): string {
  const all = (['stable', 'canary', 'active', 'preview'] as const).filter((role) => set[role]);
  return all.length === 0 ? '' : ` (${all.join(', ')})`;
}

function shortImages(set: ReplicaSetInfo): string {
  return set.images.map((image) => image.split('/').at(-1)).join(' ');
}

function isReady(pod: PodInfo): boolean {
  const [ready, total] = pod.ready.split('/');
  return ready === total && pod.status === 'Running';
}

function fit(line: string, width: number): string {
  const letters = [...line];
  return letters.length <= width ? line : `${letters.slice(0, Math.max(1, width - 1)).join('')}…`;
}
