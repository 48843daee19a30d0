import { readFileSync } from 'node:fs';
import { podTemplateHash } from '@sluice/model';
import type {
  AnalysisRun,
  AnalysisRunStatus,
  Experiment,
  ExperimentStatus,
  ExperimentTemplate,
  KubeObject,
  ReplicaSet,
  Service,
} from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { ExperimentWorld, checkTemplate, experimentOf, variant } from '../testing/experiment-world.ts';
import { decideExperiment } from './decide-experiment.ts';
import type { ExperimentDecision } from './decision.ts';
import type { ExperimentSnapshot } from './snapshot.ts';

const worldOf = (...given: Parameters<typeof experimentOf>): ExperimentWorld =>
  new ExperimentWorld(experimentOf(...given), decideExperiment);

/** Decides, and lets pods become what they are asked to be, some times. */
function go(world: ExperimentWorld, turns = 4): ExperimentDecision {
  for (let turn = 1; turn < turns; turn++) {
    world.decide();
    world.happen({ kind: 'pods', ready: true });
  }
  return world.decide();
}

const statusOf = ({ experiment }: ExperimentWorld): ExperimentStatus => experiment.status ?? {};
const messages = ({ events }: ExperimentDecision): string[] => events.map(({ message }) => message);
const sizes = ({ sets }: ExperimentWorld): string =>
  sets.map((set) => `${set.metadata.name}×${set.spec.replicas}`).join(' ');
const analysed = { analyses: [{ name: 'check', templateName: 'check' }] };
const required = { analyses: [{ name: 'check', templateName: 'check', requiredForCompletion: true }] };

describe('templates', () => {
  test('run side by side under their own names, selectors and hashes', () => {
    const world = worldOf({ templates: [variant('a'), variant('b', { replicas: 2, minReadySeconds: 3 })] });
    const first = world.decide();
    expect(messages(first)).toEqual([
      "Template 'a' transitioned from  -> Progressing",
      "Template 'b' transitioned from  -> Progressing",
      'Experiment transitioned from  -> Pending',
    ]);
    expect(sizes(world)).toBe('compare-a×1 compare-b×2');
    const [, b] = world.sets;
    const hash = b?.metadata.labels?.['rollouts-pod-template-hash'];
    expect(b).toMatchObject({
      metadata: {
        labels: { app: 'b' },
        annotations: { 'experiment.argoproj.io/name': 'compare', 'experiment.argoproj.io/template-name': 'b' },
      },
      spec: {
        minReadySeconds: 3,
        selector: { matchLabels: { app: 'b', 'rollouts-pod-template-hash': hash } },
        template: { metadata: { labels: { app: 'b', 'rollouts-pod-template-hash': hash } } },
      },
    });
    go(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Running', availableAt: '2026-01-01T12:00:00Z' });
    expect(statusOf(world).conditions?.[0]).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  test('that come from a version of a Rollout never wear its hash: its Services would select them', () => {
    const { template, ...rest } = variant('a');
    const hash = podTemplateHash(template);
    const labels = { ...template.metadata.labels, 'rollouts-pod-template-hash': hash };
    const world = worldOf({ templates: [{ ...rest, template: { ...template, metadata: { labels } } }] });
    world.decide();
    const worn = world.sets[0]?.metadata.labels?.['rollouts-pod-template-hash'];
    expect(worn).toMatch(/^[a-z0-9]+$/);
    expect(worn).not.toBe(hash);
    expect(world.sets[0]?.spec).toMatchObject({
      selector: { matchLabels: { 'rollouts-pod-template-hash': worn } },
      template: { metadata: { labels: { 'rollouts-pod-template-hash': worn } } },
    });
  });

  test('end when their time is over, and keep their pods for the delay', () => {
    const world = worldOf({ duration: '5s', scaleDownDelaySeconds: 10 });
    // availableAt has no fractions: it may have been at the end of its second.
    expect(go(world).wakeAt).toBe(world.now + 5_999);
    world.happen({ kind: 'time', seconds: 6 });
    expect(messages(world.decide())).toEqual([
      "Template 'a' transitioned from Running -> Successful",
      "Template 'b' transitioned from Running -> Successful",
      'Experiment transitioned from Running -> Successful',
    ]);
    expect(sizes(world)).toBe('compare-a×1 compare-b×1');
    expect(world.sets[0]?.metadata.annotations).toMatchObject({ 'scale-down-deadline': '2026-01-01T12:00:16Z' });
    expect(world.decide()).toMatchObject({ wakeAt: world.now + 10_000, explanation: { code: 'WaitingForScaleDown' } });
    world.happen({ kind: 'time', seconds: 10 });
    world.decide();
    expect(sizes(world)).toBe('compare-a×0 compare-b×0');
    expect(world.calmDown()).toMatchObject({ actions: [], statusUrgency: 'unchanged', explanation: { code: 'Ended' } });
  });

  test('fail when pods do not come up in time, and take the others with them', () => {
    const world = worldOf({ progressDeadlineSeconds: 3, scaleDownDelaySeconds: 0 });
    world.decide();
    world.happen({ kind: 'pods', ready: false });
    world.decide();
    world.happen({ kind: 'time', seconds: 4 });
    const decision = world.decide();
    expect(decision.status).toMatchObject({
      phase: 'Failed',
      message: "Template 'a' exceeded its progressDeadlineSeconds (3)",
    });
    expect(decision.events.map(({ type, reason }) => `${type} ${reason}`)).toContain('Warning ExperimentFailed');
    world.calmDown();
    expect(sizes(world)).toBe('compare-a×0 compare-b×0');
  });

  test('with no replicas run at once', () => {
    const world = worldOf({ templates: [variant('a', { replicas: 0 })] });
    go(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Running', templateStatuses: [{ status: 'Running' }] });
  });

  test('whose ReplicaSet was deleted get it anew', () => {
    const world = worldOf();
    go(world);
    world.sets = world.sets.slice(1);
    world.decide();
    expect(statusOf(world)).toMatchObject({ phase: 'Pending', templateStatuses: [{ status: 'Progressing' }, {}] });
    expect(sizes(world)).toBe('compare-b×1 compare-a×1');
  });

  test('that left the spec leave no pods behind', () => {
    const world = worldOf();
    go(world);
    world.experiment = { ...world.experiment, spec: { templates: [variant('a')] } };
    world.decide();
    expect(sizes(world)).toBe('compare-a×1 compare-b×0');
  });

  test('whose name somebody else has wait, say so, and fail after their deadline', () => {
    const world = worldOf({ templates: [variant('a')], progressDeadlineSeconds: 5 });
    world.answers = { takenNames: ['compare-a'] };
    const decision = world.decide();
    expect(decision).toMatchObject({ actions: [], explanation: { code: 'NameTaken' } });
    expect(decision.status.templateStatuses?.[0]).toMatchObject({ status: 'Progressing', collisionCount: 1 });
    world.happen({ kind: 'time', seconds: 6 });
    expect(world.decide().status.phase).toBe('Failed');
  });

  test('that the API server refuses are in error', () => {
    const world = worldOf({ templates: [variant('a')] });
    world.answers = { replicaSetFailures: { a: 'exceeded quota' } };
    expect(world.decide().status).toMatchObject({
      phase: 'Error',
      message: "Failed to create ReplicaSet for template 'a': exceeded quota",
    });
  });
});

describe('Services', () => {
  const withServices = { templates: [variant('a', { service: {} }), variant('b', { service: { name: 'named' } })] };

  test('stand in front of the pods under the name of the ReplicaSet or their own, and go after the pods', () => {
    const world = worldOf({ ...withServices, scaleDownDelaySeconds: 0 });
    go(world);
    expect(world.services.map(({ metadata, spec }) => [metadata.name, spec?.ports, spec?.selector])).toEqual([
      ['compare-a', [{ port: 8080, targetPort: 8080 }], world.sets[0]?.metadata.labels],
      ['named', [{ port: 8080, targetPort: 8080 }], world.sets[1]?.metadata.labels],
    ]);
    const hash = world.sets[1]?.metadata.labels?.['rollouts-pod-template-hash'];
    expect(statusOf(world).templateStatuses?.[1]).toMatchObject({ serviceName: 'named', podTemplateHash: hash });
    world.happen({ kind: 'terminate' });
    world.decide();
    expect([sizes(world), world.services.length]).toEqual(['compare-a×0 compare-b×0', 2]);
    world.calmDown();
    expect(world.services).toEqual([]);
    expect(statusOf(world).templateStatuses?.[1]?.serviceName).toBeUndefined();
  });

  test('or pods that never became available when the experiment was terminated are no success', () => {
    const world = worldOf({ templates: [variant('a')] });
    world.decide();
    world.happen({ kind: 'terminate' });
    world.decide();
    world.decide();
    expect(statusOf(world)).toMatchObject({
      phase: 'Inconclusive',
      message: 'Experiment was terminated before its versions became available',
    });
  });

  test('name their ports where there are several, each once', () => {
    const container = (name: string, ports: object[]) => ({ name, image: 'shop:1', ports });
    const containers = [
      container('main', [
        { containerPort: 8080 },
        { containerPort: 9090, protocol: 'UDP' },
        { containerPort: 80, name: 'http' },
      ]),
      container('side', [
        { containerPort: 8080 },
        { containerPort: 81, name: 'http' },
        { containerPort: 8080, protocol: 'UDP' },
      ]),
    ];
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers } };
    const world = worldOf({ templates: [variant('a', { service: {}, template })] });
    go(world);
    expect(world.services[0]?.spec?.ports?.map(({ name, port }) => [name, port])).toEqual([
      ['tcp-8080', 8080],
      ['udp-9090', 9090],
      ['http', 80],
      ['tcp-81', 81],
      ['udp-8080', 8080],
    ]);
  });

  test('and ReplicaSets and runs get names that fit, whatever templates and analyses are called', () => {
    const long = `compare-${'the-checkout-of-the-shop-'.repeat(3)}a`;
    const template = {
      metadata: { labels: { app: 'a' } },
      spec: { containers: [{ name: 'c', image: 'shop:1', ports: [{ containerPort: 80 }] }] },
    };
    const world = worldOf({
      templates: [variant(long, { service: {}, template }), variant('B side', { service: {}, template })],
      analyses: [{ name: 'Error Rate', templateName: 'check' }],
    });
    go(world, 5);
    expect(world.sets[0]?.metadata.name).toBe(`compare-${long}`);
    expect(world.sets[1]?.metadata.name).toMatch(/^compare-b-side-[a-z0-9]+$/);
    expect(world.services).toHaveLength(2);
    for (const { metadata } of world.services) expect(metadata.name).toMatch(/^[a-z][-a-z0-9]{1,61}[a-z0-9]$/);
    expect(statusOf(world).templateStatuses?.[0]?.serviceName).toBe(world.services[0]?.metadata.name);
    expect(world.runs[0]?.metadata.name).toMatch(/^compare-error-rate-[a-z0-9]+$/);
    world.happen({ kind: 'measure', phase: 'Running' });
    go(world);
    expect(world.runs).toHaveLength(1);
    expect(statusOf(world).analysisRuns).toMatchObject([{ name: 'Error Rate', phase: 'Running' }]);
  });

  test('are not made for pods without ports', () => {
    const bare = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } };
    const world = worldOf({ templates: [variant('a', { service: {}, template: bare })] });
    go(world);
    expect(world.services).toEqual([]);
    expect(statusOf(world).phase).toBe('Running');
  });

  test('stay, and so do the pods, while the Rollout still sends traffic there', () => {
    const world = worldOf({ ...withServices, scaleDownDelaySeconds: 0 }, true);
    go(world);
    world.happen({ kind: 'route' });
    world.happen({ kind: 'terminate' });
    expect(go(world).explanation.code).toBe('WaitingForRoutes');
    expect([sizes(world), world.services.length]).toEqual(['compare-a×1 compare-b×1', 2]);
    world.happen({ kind: 'unroute' });
    go(world);
    expect([sizes(world), world.services.length]).toEqual(['compare-a×0 compare-b×0', 0]);
  });

  test('whose name somebody else has end the experiment', () => {
    const world = worldOf(withServices);
    const refusal = 'service named already exists and is not owned by experiment template b';
    world.answers = { serviceFailures: { b: refusal } };
    const before = decideExperiment(world.snapshot());
    expect(before.status.message).toBe(`Failed to create Service named for template 'b': ${refusal}`);
    expect(messages(before)).toEqual(
      expect.arrayContaining([
        "Template 'b' transitioned from  -> Progressing",
        `Template 'b' transitioned from Progressing -> Error: ${before.status.message}`,
      ]),
    );
  });
});

describe('analyses', () => {
  test('begin when all versions run, with what the arguments name', () => {
    const args = [
      { name: 'hash', value: '{{templates.a.podTemplateHash}} of {{ templates.b.replicaset.name }}' },
      { name: 'until', value: '{{experiment.finishedAt}}' },
    ];
    const world = worldOf({ duration: '1m', analyses: [{ name: 'check', templateName: 'check', args }] });
    const declared = { ...checkTemplate, spec: { ...checkTemplate.spec, args: [{ name: 'hash' }, { name: 'until' }] } };
    world.template = declared;
    world.runnerIsAway = true;
    const wish = go(world).actions.find(({ kind }) => kind === 'EnsureAnalysisRun');
    const hash = world.sets[0]?.metadata.labels?.['rollouts-pod-template-hash'];
    expect(wish).toMatchObject({
      run: {
        metadata: { name: 'compare-check', ownerReferences: [{ kind: 'Experiment', name: 'compare' }] },
        spec: {
          args: [
            { name: 'hash', value: `${hash} of compare-b` },
            { name: 'until', value: '2026-01-01T12:01:00Z' },
          ],
        },
      },
    });
  });

  test('and versions tell that they have begun, also when both are well under way before anything is stored', () => {
    const world = worldOf({ ...analysed, templates: [variant('a')] });
    world.decide();
    world.happen({ kind: 'pods', ready: true });
    world.experiment = { ...world.experiment, status: {} };
    expect(messages(world.decide())).toEqual(
      expect.arrayContaining([
        "Template 'a' transitioned from  -> Progressing",
        "Template 'a' transitioned from Progressing -> Running",
      ]),
    );
    world.decide();
    world.runs = world.runs.map((run) => ({ ...run, status: { phase: 'Running' } }));
    expect(messages(world.decide())).toEqual(
      expect.arrayContaining([
        "AnalysisRun 'check' transitioned from  -> Pending",
        "AnalysisRun 'check' transitioned from Pending -> Running",
      ]),
    );
  });

  test.each([
    ['has been under way', '2026-01-01T12:00:02Z', ['Pending -> Running', 'Running -> Failed']],
    ['has ended at once', '2026-01-01T12:00:00Z', ['Pending -> Failed']],
  ])('whose end is the first that is seen tell what they were before: one that %s', (_, completedAt, expected) => {
    const world = worldOf({ ...analysed, templates: [variant('a')] });
    go(world);
    const startedAt = '2026-01-01T12:00:00Z';
    world.runs = world.runs.map((run) => ({ ...run, status: { phase: 'Failed', startedAt, completedAt } }));
    const told = world.decide().events.filter(({ about }) => about === 'experiment');
    expect(told.flatMap(({ message }) => /^AnalysisRun.*from (.*)$/.exec(message)?.[1] ?? [])).toEqual(expected);
  });

  test('with an unknown tag end the experiment', () => {
    const args = [{ name: 'x', value: '{{templates.nobody.podTemplateHash}}' }];
    const world = worldOf({ analyses: [{ name: 'check', templateName: 'check', args }] });
    go(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Error',
      message:
        "Failed to create AnalysisRun for analysis 'check': failed to resolve {{templates.nobody.podTemplateHash}}",
    });
  });

  test('whose template is missing end it before anything runs', () => {
    const world = worldOf({ analyses: [{ name: 'check', templateName: 'nowhere' }] });
    expect(world.decide().status).toMatchObject({
      phase: 'Error',
      message:
        'AnalysisTemplate verification failed for analysis \'check\': analysistemplate.argoproj.io "nowhere" not found',
    });
    expect(sizes(world)).toBe('compare-a×0 compare-b×0');
  });

  test('that fail end it, and the owning Rollout is warned', () => {
    const world = worldOf({ ...analysed, scaleDownDelaySeconds: 0 }, true);
    go(world, 5);
    world.happen({ kind: 'measure', phase: 'Failed' });
    const decision = world.decide();
    expect(decision.status.phase).toBe('Failed');
    expect(decision.events).toContainEqual({
      about: 'rollout',
      type: 'Warning',
      reason: 'AnalysisRunFailed',
      message: "AnalysisRun 'check' transitioned from Pending -> Failed",
    });
  });

  test('that are required end it with their success', () => {
    const world = worldOf(required);
    go(world, 5);
    world.happen({ kind: 'measure', phase: 'Successful' });
    world.decide();
    expect(statusOf(world)).toMatchObject({ phase: 'Successful', message: 'Required AnalysisRuns completed' });
  });

  test('that are required keep it running when its time is over, without pods', () => {
    const world = worldOf({ ...required, duration: '5s', scaleDownDelaySeconds: 0 });
    go(world, 5);
    world.happen({ kind: 'measure', phase: 'Running' });
    world.happen({ kind: 'time', seconds: 6 });
    world.decide();
    expect(statusOf(world)).toMatchObject({ phase: 'Running', templateStatuses: [{ status: 'Successful' }, {}] });
    expect(sizes(world)).toBe('compare-a×0 compare-b×0');
  });

  test('that are required and were stopped are no success', () => {
    const world = worldOf(required);
    go(world, 5);
    world.happen({ kind: 'terminate' });
    world.decide();
    expect(statusOf(world)).toMatchObject({
      phase: 'Inconclusive',
      message: 'Experiment was terminated before its required AnalysisRuns completed',
    });
    expect(world.runs[0]?.spec.terminate).toBe(true);
  });

  test('that had not measured anything when the experiment was terminated are no success, and measured ones are', () => {
    const terminated = (status: AnalysisRunStatus): ExperimentStatus => {
      const world = worldOf(analysed);
      go(world, 5);
      world.runs = world.runs.map((run) => ({ ...run, status }));
      world.happen({ kind: 'terminate' });
      world.decide();
      return statusOf(world);
    };
    const result = { name: 'web', phase: 'Running' } as const;
    for (const metricResults of [[], [{ ...result, error: 2 }]])
      expect(terminated({ phase: 'Running', metricResults })).toMatchObject({
        phase: 'Inconclusive',
        message: "Experiment was terminated before its analysis 'check' measured anything",
      });
    expect(terminated({ phase: 'Running', metricResults: [{ ...result, count: 1 }] }).phase).toBe('Successful');
  });

  test('that have met errors only hold the end until they have measured', () => {
    const world = worldOf({ ...analysed, duration: '5s' });
    go(world, 5);
    const say = (metricResults: AnalysisRunStatus['metricResults']): void => {
      world.runs = world.runs.map((run) => ({ ...run, status: { phase: 'Running', metricResults } }));
      world.decide();
    };
    world.happen({ kind: 'time', seconds: 60 });
    say([{ name: 'web', phase: 'Running', error: 2 }]);
    expect(statusOf(world).phase).toBe('Running');
    expect(world.decide().explanation.detail).toContain('"check" have not measured anything yet');
    say([{ name: 'web', phase: 'Running', error: 2, count: 1 }]);
    world.decide();
    expect(statusOf(world).phase).toBe('Successful');
  });

  test('that nobody began hold the end, say so, and begin when the runner is back', () => {
    const world = worldOf({ ...analysed, duration: '5s' });
    world.runnerIsAway = true;
    go(world);
    world.answers = { analysisRunnerTrouble: 'the analysis-runner at h:1 cannot be reached' };
    world.happen({ kind: 'time', seconds: 60 });
    expect(world.decide()).toMatchObject({
      status: { phase: 'Running' },
      explanation: { code: 'WaitingForAnalysisRunner' },
    });
    world.runnerIsAway = false;
    world.answers = {};
    world.decide();
    world.decide();
    world.happen({ kind: 'measure', phase: 'Running' });
    world.decide();
    expect(statusOf(world)).toMatchObject({ phase: 'Successful', analysisRuns: [{ name: 'check', phase: 'Running' }] });
    world.decide();
    expect(world.runs[0]?.spec.terminate).toBe(true);
  });

  test('run again under the next name when the experiment is retried', () => {
    const world = worldOf({ ...required, scaleDownDelaySeconds: 0 });
    go(world, 5);
    world.happen({ kind: 'measure', phase: 'Successful' });
    go(world);
    world.happen({ kind: 'time', seconds: 10 });
    world.happen({ kind: 'retry' });
    go(world, 6);
    expect(world.runs.map(({ metadata }) => metadata.name)).toEqual(['compare-check', 'compare-check.1']);
    expect(sizes(world)).toBe('compare-a×1 compare-b×1');
    expect(statusOf(world).phase).toBe('Running');
  });

  test('whose templates cannot be read hold it', () => {
    const world = worldOf(analysed);
    world.runnerIsAway = true;
    go(world);
    const blind = { ...world.snapshot(), analysisTemplates: { check: 'unknown' as const } };
    expect(decideExperiment(blind)).toMatchObject({ actions: [], explanation: { code: 'CannotObserve' } });
  });
});

describe('an invalid spec', () => {
  const template: ExperimentTemplate = variant('a');
  const { selector: _selector, ...unselective } = template;
  test.each<[ExperimentTemplate[], string]>([
    [[unselective], "Rollout has missing field '.Spec.Templates[0].Selector'"],
    [
      [{ ...template, selector: {} }],
      'This experiment is selecting all pods at index 0. A non-empty selector is required.',
    ],
    [
      [{ ...template, minReadySeconds: 601 }],
      'MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index 0',
    ],
    [[template, template], "Experiment compare has repeated template name 'a' in templates"],
  ])('%# stops everything but the condition that says so', (templates, message) => {
    const world = worldOf({ templates });
    expect(world.decide()).toMatchObject({ actions: [], events: [], explanation: { code: 'InvalidSpec' } });
    expect(statusOf(world)).toEqual({
      conditions: [expect.objectContaining({ type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message })],
    });
    expect(world.decide().statusUrgency).toBe('unchanged');
  });

  test('that is mended goes on', () => {
    const world = worldOf({ templates: [template, template] });
    world.decide();
    world.experiment = { ...world.experiment, spec: { templates: [template] } };
    world.decide();
    expect(statusOf(world).conditions?.map(({ type }) => type)).toEqual(['Progressing']);
  });
});

test('what the reference left behind is taken over without a write', () => {
  const file = new URL('../../../../tools/parity/takeover/experiment-step-abort--aborted.json', import.meta.url);
  const objects = JSON.parse(readFileSync(file, 'utf8')) as KubeObject[];
  const experiment = objects.find(({ kind }) => kind === 'Experiment') as Experiment;
  const ours = <T extends KubeObject>(wanted: string): T[] =>
    objects.filter(
      ({ kind, metadata }) =>
        kind === wanted && metadata.ownerReferences?.some(({ uid }) => uid === experiment.metadata.uid),
    ) as T[];
  const snapshot: ExperimentSnapshot = {
    now: Date.parse('2026-11-21T09:31:00Z'),
    experiment,
    replicaSets: ours<ReplicaSet>('ReplicaSet'),
    services: ours<Service>('Service'),
    analysisRuns: ours<AnalysisRun>('AnalysisRun'),
    analysisTemplates: {},
    clusterAnalysisTemplates: {},
  };
  expect(snapshot.replicaSets).toHaveLength(2);
  expect(decideExperiment(snapshot)).toMatchObject({ actions: [], events: [], statusUrgency: 'unchanged' });
});

test('templates of a Rollout get hashes that none of its versions can get, each experiment its own', () => {
  const template = {
    metadata: { labels: { app: 'a', 'rollouts-pod-template-hash': 'version' } },
    spec: variant('a').template.spec,
  };
  const templates = [{ ...variant('a'), template }];
  const hashIn = (name: string, given: object[] = templates): string | undefined => {
    const { metadata } = experimentOf();
    const experiment = { ...experimentOf({ templates: given as typeof templates }), metadata: { ...metadata, name } };
    const world = new ExperimentWorld(experiment, decideExperiment);
    world.decide();
    return world.sets[0]?.metadata.labels?.['rollouts-pod-template-hash'];
  };
  const { template: plain } = variant('a');
  expect(hashIn('first', [variant('a')])).toBe(podTemplateHash(plain));
  expect([podTemplateHash(plain), hashIn('second')]).not.toContain(hashIn('first'));
});
