import { age, shortDuration } from './duration.ts';
import { roleTags } from './header.ts';
import { BAD, KIND_ICONS, OK, type Paint, UNKNOWN, WARNING, iconColour, tagColour } from './icons.ts';
import type { AnalysisRunInfo, ExperimentInfo, JobInfo, PodInfo, ReplicaSetInfo, RolloutInfo } from './info.ts';
import { renderTable } from './table.ts';

interface Node {
  readonly icon: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly age: string;
  readonly info: string;
  readonly children: readonly Node[];
}

interface Rendering {
  readonly nowMs: number;
  readonly paint: Paint;
}

export function renderRolloutTree(info: RolloutInfo, nowMs: number, paint: Paint): string[] {
  const rendering = { nowMs, paint };
  return renderTree({
    icon: KIND_ICONS.Rollout,
    name: info.objectMeta.name ?? '',
    kind: 'Rollout',
    status: statusCell(info, paint),
    age: age(info.objectMeta.creationTimestamp, nowMs),
    info: '',
    children: revisionNodes(info, rendering),
  });
}

export function renderExperimentTree(info: ExperimentInfo, nowMs: number, paint: Paint): string[] {
  return renderTree(experimentNode(info, { nowMs, paint }));
}

function revisionNodes(info: RolloutInfo, rendering: Rendering): Node[] {
  const revisions = new Set(
    [...info.replicaSets, ...info.experiments, ...info.analysisRuns].map(({ revision }) => revision),
  );
  return [...revisions]
    .sort((a, b) => b - a)
    .map((revision) => ({
      icon: KIND_ICONS.Revision,
      name: `revision:${revision}`,
      kind: '',
      status: '',
      age: '',
      info: '',
      children: [
        ...info.replicaSets
          .filter((replicaSet) => replicaSet.revision === revision)
          .map((replicaSet) => replicaSetNode(replicaSet, rendering)),
        ...info.experiments
          .filter((experiment) => experiment.revision === revision)
          .map((experiment) => experimentNode(experiment, rendering)),
        ...info.analysisRuns.filter((run) => run.revision === revision).map((run) => analysisRunNode(run, rendering)),
      ],
    }));
}

function replicaSetNode(replicaSet: ReplicaSetInfo, { nowMs, paint }: Rendering): Node {
  const tags = roleTags(replicaSet).map((tag) => paint(tag, tagColour(tag)));
  if (replicaSet.scaleDownDeadline !== '') tags.push(delayTag(replicaSet.scaleDownDeadline, nowMs));
  return {
    icon: KIND_ICONS.ReplicaSet,
    name: replicaSet.objectMeta.name ?? '',
    kind: 'ReplicaSet',
    status: statusCell(replicaSet, paint),
    age: age(replicaSet.objectMeta.creationTimestamp, nowMs),
    info: tags.join(','),
    children: replicaSet.pods.map((pod) => podNode(pod, { nowMs, paint })),
  };
}

function delayTag(deadline: string, nowMs: number): string {
  const leftMs = Date.parse(deadline) - nowMs;
  return leftMs > 0 ? `delay:${shortDuration(leftMs)}` : 'delay:passed';
}

function podNode(pod: PodInfo, { nowMs, paint }: Rendering): Node {
  return {
    icon: KIND_ICONS.Pod,
    name: pod.objectMeta.name ?? '',
    kind: 'Pod',
    status: statusCell(pod, paint),
    age: age(pod.objectMeta.creationTimestamp, nowMs),
    info: [`ready:${pod.ready}`, ...(pod.restarts > 0 ? [`restarts:${pod.restarts}`] : [])].join(','),
    children: [],
  };
}

function experimentNode(experiment: ExperimentInfo, rendering: Rendering): Node {
  return {
    icon: KIND_ICONS.Experiment,
    name: runName(experiment, rendering.paint),
    kind: 'Experiment',
    status: statusCell(experiment, rendering.paint),
    age: age(experiment.objectMeta.creationTimestamp, rendering.nowMs),
    info: '',
    children: [
      ...experiment.replicaSets.map((replicaSet) => replicaSetNode(replicaSet, rendering)),
      ...experiment.analysisRuns.map((run) => analysisRunNode(run, rendering)),
    ],
  };
}

function analysisRunNode(run: AnalysisRunInfo, rendering: Rendering): Node {
  const { nowMs, paint } = rendering;
  const totals: [string, number][] = [
    [OK, run.successful],
    [BAD, run.failed],
    [UNKNOWN, run.inconclusive],
    [WARNING, run.error],
  ];
  return {
    icon: KIND_ICONS.AnalysisRun,
    name: runName(run, paint),
    kind: 'AnalysisRun',
    status: statusCell(run, paint),
    age: age(run.objectMeta.creationTimestamp, nowMs),
    info: totals
      .filter(([, count]) => count > 0)
      .map(([icon, count]) => `${paint(icon, iconColour(icon))} ${count}`)
      .join(','),
    children: run.jobs.map((job) => jobNode(job, rendering)),
  };
}

function jobNode(job: JobInfo, { nowMs, paint }: Rendering): Node {
  return {
    icon: KIND_ICONS.Job,
    name: job.objectMeta.name ?? '',
    kind: 'Job',
    status: statusCell(job, paint),
    age: age(job.objectMeta.creationTimestamp, nowMs),
    info: '',
    children: [],
  };
}

// The analyses and experiments that are going on now are what one looks for in a long tree.
function runName(run: AnalysisRunInfo | ExperimentInfo, paint: Paint): string {
  const name = run.objectMeta.name ?? '';
  return run.status === 'Pending' || run.status === 'Running' ? paint(name, 'bright-blue') : name;
}

function statusCell({ icon, status }: { icon: string; status: string }, paint: Paint): string {
  return `${paint(icon, iconColour(icon))} ${status}`;
}

function renderTree(root: Node): string[] {
  return renderTable([['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'], ...rows(root, '', '')]);
}

/** @param lead what stands before this row; @param below what stands before its children's rows */
function rows(node: Node, lead: string, below: string): string[][] {
  return [
    [`${lead}${node.icon} ${node.name}`, node.kind, node.status, node.age, node.info],
    ...node.children.flatMap((child, index) =>
      index === node.children.length - 1
        ? rows(child, `${below}└──`, `${below}   `)
        : rows(child, `${below}├──`, `${below}│  `),
    ),
  ];
}
