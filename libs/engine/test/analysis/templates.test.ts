import type { AnalysisTemplate, AnalysisTemplateSpec, Argument, Rollout, RolloutAnalysis } from '@sluice/model';
import { formatFieldError } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import {
  analysisRunOf,
  buildAnalysisRun,
  maskSecrets,
  metricForUse,
  placeRun,
  resolveAnalysisTemplates,
  rolloutField,
  secretArguments,
  substituteArguments,
  validateAnalyses,
} from '../../src/index.ts';
import type { TemplateLookup } from '../../src/index.ts';
import { analysisRun, metric } from './driver.ts';

const templates =
  (
    namespaced: Record<string, AnalysisTemplateSpec>,
    cluster: Record<string, AnalysisTemplateSpec> = {},
  ): TemplateLookup =>
  (name, clusterScope): AnalysisTemplate | undefined => {
    const spec = (clusterScope ? cluster : namespaced)[name];
    return spec && { metadata: { name }, spec };
  };
const refs = (...names: string[]) => names.map((templateName) => ({ templateName }));
const build = (lookup: TemplateLookup, names: string[], args: Argument[] = []) =>
  buildAnalysisRun({ namespace: 'team', name: 'run', refs: refs(...names), templates: lookup, args });
const errorOf = (result: { ok: boolean }) => ('error' in result ? (result.error as { message: string }).message : '');

describe('several templates', () => {
  it('are one: depth first, those of the namespace before those for all', () => {
    const lookup = templates(
      {
        one: { metrics: [metric('one')], templates: [{ templateName: 'all', clusterScope: true }, ...refs('inner')] },
        inner: { metrics: [metric('inner')] },
        two: { metrics: [metric('two')], templates: refs('inner') },
      },
      { all: { metrics: [metric('all')], templates: refs('two') } },
    );
    const merged = resolveAnalysisTemplates(refs('one', 'two'), lookup);
    expect(merged.ok && merged.value.metrics.map(({ name }) => name)).toEqual(['one', 'two', 'inner', 'all']);
  });

  it('may name each other in a circle', () => {
    const lookup = templates({
      a: { metrics: [metric('a')], templates: refs('b') },
      b: { metrics: [metric('b')], templates: refs('a') },
    });
    const merged = resolveAnalysisTemplates(refs('a'), lookup);
    expect(merged.ok && merged.value.metrics.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each<[string, Record<string, AnalysisTemplateSpec>, string]>([
    [
      'a metric',
      { a: { metrics: [metric('m')] }, b: { metrics: [metric('m')] } },
      "two metrics have the same name 'm'",
    ],
    [
      'a dry run',
      { a: { dryRun: [{ metricName: 'x' }] }, b: { dryRun: [{ metricName: 'x' }] } },
      "two Dry-Run metric rules have the same name 'x'",
    ],
    [
      'a retention',
      {
        a: { measurementRetention: [{ metricName: 'x', limit: 1 }] },
        b: { measurementRetention: [{ metricName: 'x', limit: 2 }] },
      },
      "two Measurement Retention metric rules have the same name 'x'",
    ],
    [
      'an argument',
      { a: { args: [{ name: 'p', value: 'x' }] }, b: { args: [{ name: 'p', value: 'y' }] } },
      "Argument `p` specified multiple times with different values: 'x', 'y'",
    ],
    ['nothing, where one is missing', { a: {} }, 'analysistemplate.argoproj.io "b" not found'],
  ])('that disagree on %s are told so', (_, namespaced, message) => {
    expect(errorOf(resolveAnalysisTemplates(refs('a', 'b'), templates(namespaced)))).toBe(message);
  });

  it('share an argument: the first value wins over none', () => {
    const secretKeyRef = { name: 's', key: 'k' };
    const lookup = templates({
      a: { metrics: [metric('m')], args: [{ name: 'p' }, { name: 'q', value: '1' }, { name: 'r' }] },
      b: {
        args: [
          { name: 'p', value: '2' },
          { name: 'q', value: '1' },
          { name: 'r', valueFrom: { secretKeyRef } },
        ],
      },
    });
    const run = build(lookup, ['a', 'b']);
    expect(run.ok && run.value.spec.args).toEqual([
      { name: 'p', value: '2' },
      { name: 'q', value: '1' },
      { name: 'r', valueFrom: { secretKeyRef } },
    ]);
  });
});

describe('arguments', () => {
  const lookup = templates({
    check: { metrics: [metric('m')], args: [{ name: 'service' }, { name: 'limit', value: '5' }] },
  });

  it('fill what the template declares, override its defaults, and are dropped otherwise', () => {
    const args = [
      { name: 'service', value: 'shop' },
      { name: 'limit', value: '' },
      { name: 'stranger', value: 'x' },
    ];
    const run = build(lookup, ['check'], args);
    expect(run.ok && run.value.spec.args).toEqual(args.slice(0, 2));
  });

  it('that are missing are named', () => {
    expect(errorOf(build(lookup, ['check']))).toBe('args.service was not resolved');
  });

  it('are put into every text, keys too, and are not looked at again', () => {
    const values = new Map([
      ['a', '{{args.b}}"\n'],
      ['b', 'B'],
    ]);
    const given = { '{{args.b}}': ['{{ args.a }}', 7, null, { x: '-{{args.b}}-{{args.b}}' }] };
    expect(substituteArguments(given, values)).toEqual({
      ok: true,
      value: { B: ['{{args.b}}"\n', 7, null, { x: '-B-B' }] },
    });
  });

  it.each([
    ['{{ metrics.x }}', 'failed to resolve {{ metrics.x }}'],
    ['{{args.x}}', 'failed to resolve {{args.x}}'],
    ['{{args.x', 'Cannot find end tag="}}" in the template="{{args.x" starting from "args.x"'],
  ])('%s is a mistake', (text, message) => {
    expect(errorOf(substituteArguments(text, new Map()))).toBe(message);
  });

  it('from Secrets are put in at the moment of use, win over values, and are masked', () => {
    const secretKeyRef = { name: 'tokens', key: 'web' };
    const web = {
      url: 'http://metrics/{{args.path}}',
      headers: [{ key: 'Authorization', value: 'Bearer {{args.token}}' }],
    };
    const run = analysisRun([metric('{{args.path}}-rate', { provider: { web } })], {
      args: [
        { name: 'path', value: 'shop' },
        { name: 'token', value: 'declared', valueFrom: { secretKeyRef } },
      ],
    });
    expect(secretArguments(run)).toEqual([{ argument: 'token', secret: 'tokens', key: 'web' }]);
    const used = metricForUse(run, 'shop-rate', { token: 's3cret' });
    expect(used).toMatchObject({
      ok: true,
      value: {
        provider: 'web',
        config: { url: 'http://metrics/shop', headers: [{ value: 'Bearer s3cret' }] },
        secretValues: ['s3cret'],
      },
    });
    expect(errorOf(metricForUse(run, 'shop-rate', {}))).toBe('argument "token" was not supplied');
    expect(maskSecrets('s3cret: s3 refused, not s3cret2', ['s3', 's3cret', ''])).toBe(
      '*****: ***** refused, not *****2',
    );
  });
});

const rollout = (analysis?: RolloutAnalysis): Rollout => ({
  metadata: {
    name: 'shop',
    namespace: 'team',
    uid: 'uid-shop',
    labels: { team: 'blue', 'argo-rollouts.argoproj.io/controller-instance-id': 'i1' },
    annotations: { 'example.com/owner': 'ann' },
  },
  spec: {
    replicas: 1_000_000,
    selector: { matchLabels: { app: 'shop' } },
    strategy: { canary: { steps: [{ setWeight: 25 }, ...(analysis ? [{ analysis }] : [])] } },
  },
});

describe('a field of the Rollout', () => {
  it.each([
    ['metadata.name', 'shop'],
    ['metadata.namespace', 'team'],
    ["metadata.labels['team']", 'blue'],
    ["metadata.labels['nobody']", ''],
    ["metadata.annotations['example.com/owner']", 'ann'],
    ['spec.strategy.canary.steps[0].setWeight', '25'],
    ['spec.replicas', '1e+06'],
  ])('%s', (path, text) => {
    expect(rolloutField(rollout(), path)).toEqual({ ok: true, value: text });
  });

  it.each([
    ['spec.strategy.canary.steps[x].setWeight', "invalid index 'x'"],
    ['spec.strategy.canary.steps[7].setWeight', 'index 7 out of range'],
    ['spec.nothing', 'invalid path spec.nothing in rollout'],
    ['spec.selector', 'path spec.selector in rollout must terminate in a primitive value'],
    ['metadata.generation', 'unsupported fieldPath: metadata.generation'],
  ])('%s is a mistake', (path, message) => {
    expect(errorOf(rolloutField(rollout(), path))).toBe(message);
  });
});

describe('the run of a Rollout', () => {
  const check = templates({ check: { metrics: [metric('m')], args: [{ name: 'h' }, { name: 's' }, { name: 'w' }] } });
  const analysis: RolloutAnalysis = {
    templates: refs('check'),
    args: [
      { name: 'h', valueFrom: { podTemplateHashValue: 'Latest' } },
      { name: 's', valueFrom: { podTemplateHashValue: 'Stable' } },
      { name: 'w', valueFrom: { fieldRef: { fieldPath: 'spec.strategy.canary.steps[0].setWeight' } } },
    ],
    analysisRunMetadata: { labels: { app: 'overridden', extra: 'yes' }, annotations: { note: 'hello' } },
  };
  const identity = { podHash: 'new', stableHash: 'old', revision: 3 };

  it('has its name, labels, annotations, owner and arguments', () => {
    expect(analysisRunOf(rollout(), { kind: 'Step', stepIndex: 1, ...identity }, analysis, check)).toEqual({
      ok: true,
      value: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisRun',
        metadata: {
          name: 'shop-new-3-1',
          namespace: 'team',
          labels: {
            'rollouts-pod-template-hash': 'new',
            'rollout-type': 'Step',
            'step-index': '1',
            'argo-rollouts.argoproj.io/controller-instance-id': 'i1',
            app: 'shop',
            extra: 'yes',
          },
          annotations: { 'rollout.argoproj.io/revision': '3', note: 'hello' },
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'shop',
              uid: 'uid-shop',
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: {
          metrics: [metric('m')],
          args: [
            { name: 'h', value: 'new' },
            { name: 's', value: 'old' },
            { name: 'w', value: '25' },
          ],
        },
      },
    });
  });

  it.each([
    ['Background', 'shop-new-3'],
    ['PrePromotion', 'shop-new-3-pre'],
    ['PostPromotion', 'shop-new-3-post'],
  ] as const)('of kind %s is called %s', (kind, name) => {
    const run = analysisRunOf(rollout(), { kind, ...identity }, analysis, check);
    expect(run.ok && run.value.metadata.name).toBe(name);
    expect(run.ok && run.value.metadata.labels).not.toHaveProperty('step-index');
  });

  it('is taken up again while it runs, and gets a new name when the old one is over or of another', () => {
    const run = analysisRunOf(rollout(), { kind: 'Step', stepIndex: 1, ...identity }, analysis, check);
    if (!run.ok) throw new Error(run.error.message);
    const wanted = run.value;
    // A client in Go writes empty objects where nothing is set.
    const web = { url: 'http://metrics/', authentication: { basicAuth: {}, oauth2: {}, sigv4: {} } };
    const running = { ...wanted, spec: { ...wanted.spec, metrics: [metric('m', { provider: { web } })] } };
    const over = { ...wanted, status: { phase: 'Failed' as const } };
    const foreign = { ...wanted, metadata: { ...wanted.metadata, ownerReferences: [] } };
    const other = { ...wanted, spec: { ...wanted.spec, args: [] } };
    const place = (...found: (typeof wanted)[]) =>
      placeRun(wanted, (name) => found[name === 'shop-new-3-1' ? 0 : Number(name.split('.')[1])]);
    expect(place()).toEqual({ kind: 'create', run: wanted });
    expect(place(running)).toEqual({ kind: 'reuse', run: running });
    expect(place(over, foreign, other).run.metadata.name).toBe('shop-new-3-1.3');
    expect(place(over, running)).toEqual({ kind: 'reuse', run: running });
  });
});

describe('a Rollout is refused whose analysis', () => {
  const complaint = (lookup: TemplateLookup, analysis: RolloutAnalysis, isBackground = false): string | undefined => {
    const given: Rollout = isBackground
      ? { ...rollout(), spec: { ...rollout().spec, strategy: { canary: { analysis } } } }
      : rollout(analysis);
    const error = validateAnalyses(given, lookup);
    return error && formatFieldError(error);
  };
  const endless = templates({ check: { metrics: [metric('m', { interval: '1s' })] } });

  it('never ends in a step, but in the background', () => {
    expect(complaint(endless, { templates: refs('check') })).toBe(
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "check": AnalysisTemplate check has metric m which runs indefinitely. Invalid value for count: <nil>',
    );
    expect(complaint(endless, { templates: refs('check') }, true)).toBeUndefined();
  });

  it('has an argument twice, or not at all', () => {
    const lookup = templates({ check: { metrics: [metric('m')], args: [{ name: 'a' }] } });
    const both = { name: 'a', value: 'x', valueFrom: { podTemplateHashValue: 'Latest' as const } };
    expect(complaint(lookup, { templates: refs('check'), args: [both] })).toContain(
      "arg 'a' has both Value and ValueFrom fields",
    );
    expect(complaint(lookup, { templates: refs('check') })).toContain('args.a was not resolved');
    expect(complaint(lookup, { templates: refs('check') }, true)).toContain(
      'missing analysis arguments in rollout spec',
    );
  });

  it('has templates that contradict each other', () => {
    const lookup = templates({ a: { metrics: [metric('m')] }, b: { metrics: [metric('m')] } });
    expect(complaint(lookup, { templates: refs('a', 'b') })).toContain("two metrics have the same name 'm'");
  });

  it('may hold fields that are not written yet', () => {
    const lookup = templates({ check: { metrics: [metric('m')], args: [{ name: 'a' }] } });
    const args = [{ name: 'a', valueFrom: { fieldRef: { fieldPath: 'status.canary.weights.canary.weight' } } }];
    expect(complaint(lookup, { templates: refs('check'), args })).toBeUndefined();
  });
});
