// Experiments, alone and as steps of Rollouts, whose end is known before they begin.
import type { RawObject } from '@sluice/kube';
import type { Experiment, Rollout } from '@sluice/model';
import { objectsOf } from './apps.ts';
import { NAMESPACE, providerName } from './known-answers.ts';
import type { Random } from './random.ts';

/** What a person does to it, so long after it has begun. */
export interface Deed {
  readonly afterMs: number;
  readonly do: 'terminate' | 'run again' | 'abort' | 'retry' | 'supersede';
}

export interface KnownExperiment {
  readonly name: string;
  readonly kind: 'Experiment' | 'Rollout';
  readonly case: string;
  readonly objects: readonly RawObject[];
  readonly deeds: readonly Deed[];
  /** Of an Experiment its phase; of a Rollout `Healthy` with that image, or `Degraded`. */
  readonly end: { readonly phase: string; readonly image?: string };
}

const apiVersion = 'argoproj.io/v1alpha1';
const port = { name: 'http', containerPort: 8080 };
const container = (image: string) => ({ name: 'main', image, ports: [port] });
const checks = ['good', 'bad'] as const;
type Check = (typeof checks)[number];

/** One whose every measurement is good, and one whose second is bad. */
export const analysisTemplates: readonly RawObject[] = checks.map((name) => ({
  apiVersion,
  kind: 'AnalysisTemplate',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    args: [{ name: 'version' }],
    metrics: [
      {
        ...{
          name: 'known',
          interval: '1s',
          count: 3,
          successCondition: 'result == 1',
          failureCondition: 'result == 2',
        },
        provider: { plugin: { [providerName]: { answers: ['good', name, 'good'] } } },
      },
    ],
  },
}));

const analysis = (check: Check, template: string) => ({
  ...{ name: `check-${template}`, templateName: check, requiredForCompletion: true },
  args: [{ name: 'version', value: `{{templates.${template}.podTemplateHash}}` }],
});

type Case = readonly [name: string, spec: object, phase: string, deeds?: readonly Deed['do'][]];

const alone: readonly Case[] = [
  ['its time', { duration: '2s' }, 'Successful'],
  ['good', { analyses: [analysis('good', 'a'), analysis('good', 'b')] }, 'Successful'],
  ['one is bad', { analyses: [analysis('good', 'a'), analysis('bad', 'b')] }, 'Failed'],
  ['terminated', {}, 'Successful', ['terminate']],
  ['run again', { duration: '1s' }, 'Successful', ['run again']],
  ['never ready', { progressDeadlineSeconds: 4 }, 'Failed'],
];

export function knownExperiment(name: string, random: Random): KnownExperiment {
  const [which, spec, phase, deeds = []] = random.one(alone);
  const version = (template: string, image: string) => ({
    ...{ name: template, replicas: random.whole(1, 2), service: {} },
    selector: { matchLabels: { app: `${name}-${template}` } },
    template: { metadata: { labels: { app: `${name}-${template}` } }, spec: { containers: [container(image)] } },
  });
  const templates = [version('a', 'shop:1'), version('b', which === 'never ready' ? 'shop:broken' : 'shop:2')];
  const experiment = {
    ...{ apiVersion, kind: 'Experiment', metadata: { name, namespace: NAMESPACE } },
    spec: { scaleDownDelaySeconds: random.whole(0, 1), templates, ...spec },
  };
  return {
    ...{ name, kind: 'Experiment', case: which, objects: [experiment], end: { phase } },
    deeds: deeds.map((deed) => ({ do: deed, afterMs: random.whole(0, 6_000) })),
  };
}

const good = { phase: 'Healthy', image: 'shop:2' };
const steps: readonly (readonly [string, Check, end: KnownExperiment['end'], deeds: readonly Deed['do'][]])[] = [
  ['good step', 'good', good, []],
  ['bad step', 'bad', { phase: 'Degraded' }, []],
  ['aborted step', 'good', { phase: 'Degraded' }, ['abort']],
  ['superseded step', 'good', { phase: 'Healthy', image: 'shop:3' }, ['supersede']],
  ['retried step', 'good', good, ['abort', 'retry']],
];

/** A Rollout behind Istio whose update gives the versions of an experiment a share of the traffic. */
export function knownStep(name: string, random: Random): KnownExperiment {
  const [which, check, end, deeds] = random.one(steps);
  const isAborted = deeds.includes('abort') && !deeds.includes('retry');
  const experiment = {
    templates: [
      { name: 'base', specRef: 'stable', weight: 10 },
      { name: 'next', specRef: 'canary', weight: random.whole(1, 3) * 10 },
    ],
    scaleDownDelaySeconds: random.whole(0, 1),
    analyses: [analysis(check, 'next')],
  };
  const app = {
    ...{ name, namespace: NAMESPACE, router: 'istio' as const, replicas: 2 },
    // Who is aborted must not have come to its end before.
    steps: [{ experiment }, { setWeight: 50 }, { pause: isAborted ? {} : { duration: '1s' } }],
  };
  const objects = objectsOf(app).map((object) =>
    object.kind === 'Rollout' ? withContainer(object as Rollout, 'shop:1') : object,
  );
  return {
    ...{ name, kind: 'Rollout', case: which, objects, end },
    deeds: deeds.map((deed) => ({ do: deed, afterMs: random.whole(0, 6_000) })),
  };
}

const withContainer = (rollout: Rollout, image: string): RawObject =>
  ({
    ...rollout,
    spec: {
      ...rollout.spec,
      template: { ...rollout.spec.template, spec: { containers: [container(image)] } },
    },
  }) as unknown as RawObject;

export const imagePatch = (image: string): object => ({
  spec: { template: { spec: { containers: [container(image)] } } },
});

/** Whether it has come to where it was to end; otherwise where it is. */
export function notAtItsEnd(known: KnownExperiment, object: Experiment | Rollout | undefined): string | undefined {
  const { phase, message } = object?.status ?? {};
  const { end, name } = known;
  const where = `${name} (${known.case}): ${phase ?? 'no phase'}${message ? ` (${message})` : ''} instead of ${end.phase}`;
  if (known.kind === 'Experiment' || phase !== end.phase) return phase === end.phase ? undefined : where;
  const { spec, status } = object as Rollout;
  const isObserved = status?.observedGeneration === String(object?.metadata.generation);
  const image = spec.template?.spec?.containers?.[0]?.image;
  const isDone = end.image === undefined || (image === end.image && status?.stableRS === status?.currentPodHash);
  return isObserved && isDone ? undefined : `${where} with ${end.image ?? 'the first version'}`;
}
