import type { Paint } from './icons.ts';
import { iconColour } from './icons.ts';
import { tagColour } from './icons.ts';
import type { ExperimentInfo, ReplicaSetInfo, RolloutInfo } from './info.ts';

const LABEL_WIDTH = 17;

export function renderRolloutHeader(info: RolloutInfo, paint: Paint): string[] {
  return [
    line('Name:', info.objectMeta.name ?? ''),
    line('Namespace:', info.objectMeta.namespace ?? ''),
    line('Status:', `${paint(info.icon, iconColour(info.icon))} ${info.status}`),
    ...(info.message === '' ? [] : [line('Message:', info.message)]),
    line('Strategy:', info.strategy),
    ...(info.strategy === 'Canary'
      ? [line('  Step:', info.step), line('  SetWeight:', info.setWeight), line('  ActualWeight:', info.actualWeight)]
      : []),
    ...imageLines(
      info.replicaSets,
      info.experiments.flatMap((experiment) => experiment.replicaSets),
      paint,
    ),
    'Replicas:',
    line('  Desired:', String(info.desired)),
    line('  Current:', String(info.current)),
    line('  Updated:', String(info.updated)),
    line('  Ready:', String(info.ready)),
    line('  Available:', String(info.available)),
  ];
}

export function renderExperimentHeader(info: ExperimentInfo, paint: Paint): string[] {
  return [
    line('Name:', info.objectMeta.name ?? ''),
    line('Namespace:', info.objectMeta.namespace ?? ''),
    line('Status:', `${paint(info.icon, iconColour(info.icon))} ${info.status}`),
    ...(info.message === '' ? [] : [line('Message:', info.message)]),
    ...imageLines(info.replicaSets, [], paint),
  ];
}

function line(label: string, value: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${value}`;
}

function imageLines(
  replicaSets: readonly ReplicaSetInfo[],
  ofExperiments: readonly ReplicaSetInfo[],
  paint: Paint,
): string[] {
  const images = [...imageTags([...replicaSets, ...ofExperiments])].sort(([a], [b]) => (a < b ? -1 : 1));
  return images.map(([image, tags], index) => {
    const shown = [...tags].sort().map((tag) => paint(tag, tagColour(tag)));
    return line(index === 0 ? 'Images:' : '', shown.length === 0 ? image : `${image} (${shown.join(', ')})`);
  });
}

/** Which images run in pods, and as what. */
function imageTags(replicaSets: readonly ReplicaSetInfo[]): Map<string, Set<string>> {
  const tagsOf = new Map<string, Set<string>>();
  for (const replicaSet of replicaSets.filter(({ replicas }) => replicas > 0)) {
    for (const image of replicaSet.images) {
      const tags = tagsOf.get(image) ?? new Set();
      for (const tag of roleTags(replicaSet)) tags.add(tag);
      if (replicaSet.template !== '') tags.add(`Σ:${replicaSet.template}`);
      tagsOf.set(image, tags);
    }
  }
  return tagsOf;
}

/** stable, then one of canary, active and preview, then ping or pong. */
export function roleTags(replicaSet: ReplicaSetInfo): string[] {
  const second = (['canary', 'active', 'preview'] as const).find((role) => replicaSet[role]);
  return [
    ...(replicaSet.stable ? ['stable'] : []),
    ...(second === undefined ? [] : [second]),
    ...(replicaSet.ping ? ['ping'] : []),
    ...(replicaSet.pong ? ['pong'] : []),
  ];
}
