import { readFileSync, readdirSync } from 'node:fs';
import type { AnalysisRun, AnalysisTemplate, Experiment, KubeObject, Rollout, RolloutAnalysis } from '@sluice/model';
import { analysisRunOf, buildAnalysisRun } from '../../src/index.ts';
import type { AnalysisKind, TemplateLookup } from '../../src/index.ts';

// The analysis runs of tools/parity: what the scenarios apply, and what the reference made of it.

/* eslint-disable @typescript-eslint/no-explicit-any -- the scenarios are plain JavaScript, and stay so. */
const parity = new URL('../../../../tools/parity/', import.meta.url);

export interface RecordedRun {
  readonly scenario: string;
  readonly checkpoint: string;
  readonly name: string;
  /** The run before its first measurement, built as we build it. */
  readonly run: AnalysisRun;
  /** As the recordings tell of it. */
  readonly recorded: any;
  /** `TYPE REASON: MESSAGE` */
  readonly events: readonly string[];
}

/** Everything that a scenario applies. Nothing else happens: every wait is over at once. */
async function appliedBy(scenario: any): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  const world = new Proxy(
    { ns: 'parity', checkpoints: {}, apply: async (...given: any[]) => void objects.push(...given.flat()) },
    { get: (target: any, name) => (name in target ? target[name] : async () => undefined) },
  );
  await scenario.play(world, 'http://metrics');
  return objects;
}

const analysisOf = (rollout: Rollout, kind: AnalysisKind, step: number): RolloutAnalysis => {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  const found = {
    Step: canary?.steps?.[step]?.analysis,
    Background: canary?.analysis,
    PrePromotion: blueGreen?.prePromotionAnalysis,
    PostPromotion: blueGreen?.postPromotionAnalysis,
  }[kind];
  if (!found) throw new Error(`${rollout.metadata.name} has no analysis of kind ${kind}`);
  return found;
};

/** The run as we would make it for the same Rollout or Experiment. */
function builtRun(objects: readonly KubeObject[], name: string, recorded: any): AnalysisRun {
  const of = <T extends KubeObject>(kind: string): T[] => objects.filter((one) => one.kind === kind) as T[];
  const own = of<AnalysisRun>('AnalysisRun').find(({ metadata }) => metadata.name === name);
  if (own) return own;
  const templates: TemplateLookup = (wanted) =>
    of<AnalysisTemplate>('AnalysisTemplate').find(({ metadata }) => metadata.name === wanted);
  const labels = recorded.labels ?? {};
  const rollout = of<Rollout>('Rollout')[0];
  const kind = labels['rollout-type'] as AnalysisKind | undefined;
  const stepIndex = Number(labels['step-index'] ?? 0);
  const revision = Number(recorded.annotations['rollout.argoproj.io/revision'] ?? 0);
  const hashes = { podHash: 'hash2', stableHash: 'hash1' };
  const built =
    rollout && kind
      ? analysisRunOf(
          rollout,
          { kind, stepIndex, revision, ...hashes },
          analysisOf(rollout, kind, stepIndex),
          templates,
        )
      : buildAnalysisRun({
          namespace: '<ns>',
          name,
          refs: (of<Experiment>('Experiment')[0]?.spec.analyses ?? [{ templateName: 'check' }]).slice(0, 1),
          templates,
        });
  if (!built.ok) throw new Error(built.error.message);
  return built.value;
}

export async function recordedRuns(): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = [];
  for (const file of readdirSync(new URL('scenarios/', parity))) {
    const { default: scenarios } = await import(/* @vite-ignore */ new URL(`scenarios/${file}`, parity).href);
    for (const scenario of scenarios) {
      const recording = JSON.parse(readFileSync(new URL(`recorded/${scenario.name}.json`, parity), 'utf8'));
      const found = Object.entries<any>(recording.checkpoints).filter(([, state]) => state.AnalysisRun);
      if (found.length === 0) continue;
      const objects = await appliedBy(scenario);
      for (const [checkpoint, state] of found)
        for (const [name, recorded] of Object.entries<any>(state.AnalysisRun))
          runs.push({
            scenario: scenario.name,
            checkpoint,
            name,
            run: builtRun(objects, name, recorded),
            recorded,
            events: state.events
              .filter((event: string) => event.startsWith(`AnalysisRun/${name} `))
              .map((event: string) => event.slice(`AnalysisRun/${name} `.length)),
          });
    }
  }
  return runs;
}
