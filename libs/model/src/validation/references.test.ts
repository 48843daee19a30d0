import { describe, expect, it } from 'vitest';
import { recording } from '../../test/recordings.ts';
import type { AnalysisTemplate, CanaryStrategy, KubeObject, Rollout, RolloutStrategy, Service } from '../index.ts';
import { managedByAnnotation, podTemplateHashLabel } from '../names.ts';
import { formatFieldError, invalid, invalidSpecMessage } from './field-error.ts';
import { validateReferences } from './references.ts';
import type { ReferenceLookups } from './references.ts';

const rollout = (strategy: RolloutStrategy, name = 'shop'): Rollout => ({
  metadata: { name },
  spec: { strategy, template: { metadata: { labels: { app: 'shop' } } } },
});
const canary = (strategy: CanaryStrategy, name?: string): Rollout => rollout({ canary: strategy }, name);
const messageOf = (broken: Rollout, lookups: ReferenceLookups): string | undefined => {
  const error = validateReferences(broken, lookups);
  return error && formatFieldError(error);
};
const service = (name: string, selector: Record<string, string> = { app: 'shop' }, owner?: string): Service => ({
  metadata: { name, annotations: owner === undefined ? {} : { [managedByAnnotation]: owner } },
  spec: { selector },
});
const having = (...services: Service[]): ReferenceLookups => ({
  service: (name) => services.find(({ metadata }) => metadata.name === name),
});
const ingressTo = (backend: string): KubeObject =>
  ({
    metadata: { name: 'shop' },
    spec: { rules: [{}, { http: { paths: [{ backend: { service: { name: backend } } }] } }] },
  }) as KubeObject;

const two = { canaryService: 'c', stableService: 's' };
const found = having(service('c'), service('s'));
const base = 'spec.strategy.canary.trafficRouting';

describe('what a Rollout refers to', () => {
  it('must exist, the Services first and in their order', () => {
    expect(messageOf(canary(two), having())).toBe(
      'spec.strategy.canary.stableService: Invalid value: "s": service "s" not found',
    );
    expect(messageOf(canary(two), having(service('s')))).toBe(
      'spec.strategy.canary.canaryService: Invalid value: "c": service "c" not found',
    );
    expect(messageOf(rollout({ blueGreen: { activeService: 'a', previewService: 'p' } }), having(service('a')))).toBe(
      'spec.strategy.blueGreen.previewService: Invalid value: "p": service "p" not found',
    );
    expect(messageOf(canary({ pingPong: { pingService: 'x', pongService: 'y' } }), having(service('x')))).toBe(
      'spec.strategy.canary.pingPong.pongService: Invalid value: "y": service "y" not found',
    );
  });

  it('is not looked up where there is no lookup', () => {
    expect(messageOf(canary({ ...two, analysis: { templates: [{ templateName: 'x' }] } }), {})).toBeUndefined();
  });

  it('must be Services that select its pods; the hash label does not count', () => {
    expect(messageOf(canary(two), having(service('c', { tier: 'x' }), service('s')))).toBe(
      'spec.strategy.canary.canaryService: Invalid value: "c": Service "c" has unmatch label "tier" in rollout',
    );
    expect(
      messageOf(canary(two), having(service('c', { app: 'shop', [podTemplateHashLabel]: 'x' }), service('s', {}))),
    ).toBeUndefined();
  });

  it('must be Services that no other Rollout manages', () => {
    expect(messageOf(canary(two), having(service('c'), service('s', {}, 'shop')))).toBeUndefined();
    expect(messageOf(canary(two), having(service('c'), service('s', {}, 'other')))).toBe(
      'spec.strategy.canary.stableService: Invalid value: "s": Service "s" is managed by another Rollout, "other"',
    );
  });

  it('must be templates that exist, nested ones too, even if they nest each other', () => {
    const templates: Record<string, AnalysisTemplate> = {
      outer: { metadata: { name: 'outer' }, spec: { templates: [{ templateName: 'inner', clusterScope: true }] } },
      inner: { metadata: { name: 'inner' }, spec: { templates: [{ templateName: 'outer' }] } },
    };
    const lookups = (scopes: boolean[]): ReferenceLookups => ({
      analysisTemplate: (name, clusterScope) => (scopes.includes(clusterScope) ? templates[name] : undefined),
    });
    const background = canary({ analysis: { templates: [{ templateName: 'outer' }] } });
    expect(messageOf(background, lookups([true, false]))).toBeUndefined();
    expect(messageOf(background, lookups([false]))).toBe(
      'spec.strategy.canary.analysis.templates: Invalid value: "inner": ClusterAnalysisTemplate \'inner\' not found',
    );
    expect(
      messageOf(
        rollout({ blueGreen: { activeService: 'a', postPromotionAnalysis: { templates: [{ templateName: 'x' }] } } }),
        lookups([false]),
      ),
    ).toBe(
      'spec.strategy.blueGreen.postPromotionAnalysis.templates: Invalid value: "x": AnalysisTemplate \'x\' not found',
    );
  });

  it('must be one Ingress or several, that exist and route to the stable Service', () => {
    const nginx = (routing: object) => canary({ ...two, trafficRouting: { nginx: routing } });
    const neither = `${base}.nginx.stableIngress: Invalid value: "": exactly one of stableIngress / stableIngresses must be set`;
    expect(messageOf(nginx({}), found)).toBe(neither);
    expect(messageOf(nginx({ stableIngress: 'a', stableIngresses: ['b'] }), found)).toBe(neither.replace('""', '"a"'));
    const ingress = (name: string) => (name === 'good' ? ingressTo('s') : name === 'bad' ? ingressTo('x') : undefined);
    const lookups = { ...found, ingress };
    expect(messageOf(nginx({ stableIngress: 'good' }), lookups)).toBeUndefined();
    expect(messageOf(nginx({ stableIngresses: ['good', 'nowhere'] }), lookups)).toBe(
      `${base}.nginx.stableIngresses[1]: Invalid value: "nowhere": ingress.networking.k8s.io "nowhere" not found`,
    );
    expect(messageOf(nginx({ stableIngress: 'bad' }), lookups)).toBe(
      `${base}.nginx.stableIngress: Invalid value: "bad": ingress "bad" has no rules using service s backend`,
    );
    const alb = { ingress: 'bad', servicePort: 80, rootService: 'x' };
    expect(messageOf(canary({ ...two, trafficRouting: { alb } }), lookups)).toBeUndefined();
  });

  it('must be one VirtualService or several, that exist', () => {
    const istio = (routing: object) => canary({ ...two, trafficRouting: { istio: routing } });
    expect(messageOf(istio({}), found)).toBe(
      `${base}.istio.virtualService: Invalid value: "": exactly one of virtualService / virtualServices must be set`,
    );
    const lookups = { ...found, virtualService: () => undefined };
    expect(messageOf(istio({ virtualService: { name: 'v' } }), lookups)).toBe(
      `${base}.istio.virtualService.name: Invalid value: "v": virtualservices.networking.istio.io "v" not found`,
    );
    expect(messageOf(istio({ virtualServices: [{ name: 'v' }] }), lookups)).toBe(
      `${base}.istio.virtualServices[0].name: Invalid value: "v": virtualservices.networking.istio.io "v" not found`,
    );
    expect(messageOf(canary({ ...two, trafficRouting: { ambassador: {} } }), found)).toBe(
      `${base}.ambassador.mappings: Invalid value: null: must provide at least one mapping`,
    );
  });

  it('is judged by the rules of others last', () => {
    const further = [() => undefined, () => invalid('spec.x', 1, 'other rule')];
    expect(messageOf(canary(two), { ...found, further })).toBe('spec.x: Invalid value: 1: other rule');
    expect(messageOf(canary(two), { ...having(), further })).toMatch(/not found$/);
  });

  it('gets the very messages that were recorded from the reference', () => {
    const recorded = recording('invalid-specs').checkpoints['each says what is wrong']?.Rollout ?? {};
    const nothing = { analysisTemplate: () => undefined, ingress: () => undefined };
    const cases: [Rollout, ReferenceLookups][] = [
      [canary({ stableService: 'missing', canaryService: 'missing-too' }, 'no-service'), having()],
      [
        canary({ ...two, trafficRouting: { nginx: { stableIngress: 'nowhere' } } }, 'missing-ingress'),
        { ...found, ...nothing },
      ],
      [canary({ steps: [{ analysis: { templates: [{ templateName: 'nowhere' }] } }] }, 'missing-template'), nothing],
    ];
    for (const [broken, lookups] of cases) {
      const error = validateReferences(broken, lookups);
      expect(`InvalidSpec: ${error && invalidSpecMessage(broken.metadata.name, error)}`).toBe(
        recorded[broken.metadata.name]?.status.message,
      );
    }
  });
});
