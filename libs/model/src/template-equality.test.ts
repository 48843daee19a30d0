import { describe, expect, it } from 'vitest';
import { linesOf, moments, withImage } from '../test/recordings.ts';
import type { PodTemplateSpec, ReplicaSet } from './index.ts';
import { podTemplateHashLabel } from './names.ts';
import { defaultPullPolicy, withTemplateDefaults } from './template-defaults.ts';
import { comparableTemplate, injectedPartsOf, templatesEqual, withoutInjectedParts } from './template-equality.ts';

// Templates beside what the defaulting of Kubernetes 1.34 makes of them.
const defaulted = linesOf<{ template: PodTemplateSpec; defaulted: PodTemplateSpec }>(
  new URL('./fixtures/pod-templates.jsonl', import.meta.url),
);

const web = (container: Record<string, unknown> = {}, spec: Record<string, unknown> = {}): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
});

const hashTerm = {
  labelSelector: { matchExpressions: [{ key: podTemplateHashLabel, operator: 'In', values: ['abc'] }] },
  topologyKey: 'kubernetes.io/hostname',
  namespaces: ['default'],
};

describe('two templates', () => {
  it.each(defaulted.map((pair, index) => [index, pair] as const))(
    'are equal when one is the other after the defaults of Kubernetes (template %i)',
    (_index, pair) => {
      expect(templatesEqual(pair.template, pair.defaulted)).toBe(true);
      expect(templatesEqual(pair.defaulted, withTemplateDefaults(pair.template))).toBe(true);
    },
  );

  it.each(moments.map((moment) => [moment.name, moment] as const))(
    'are equal for exactly the ReplicaSet of the desired version in the recorded moment %s',
    (_name, { replicaSets, rollout, template }) => {
      const equal = replicaSets.filter((replicaSet) =>
        templatesEqual(template, replicaSet.spec.template ?? {}, injectedPartsOf(replicaSet, rollout.spec.strategy)),
      );
      expect(equal.map(({ metadata }) => metadata.labels?.[podTemplateHashLabel])).toEqual([
        rollout.status?.currentPodHash,
      ]);
    },
  );

  it('differ when anything that pods are made from differs', () => {
    for (const other of [
      web({ image: 'web:2' }),
      web({ env: [{ name: 'A', value: 'b' }] }),
      web({ resources: { limits: { cpu: '2' } } }),
      web({}, { hostNetwork: true }),
      web({}, { securityContext: { runAsUser: 0 } }),
      { ...web(), metadata: { labels: { app: 'web', tier: 'front' } } },
      { ...web(), metadata: { labels: { app: 'web' }, annotations: { note: 'x' } } },
    ])
      expect(templatesEqual(web(), other)).toBe(false);
  });

  it('compare quantities by amount, nil as empty, and one service account under both of its names', () => {
    const limits = (cpu: string | number, memory: string) => web({ resources: { limits: { cpu, memory } } });
    expect(templatesEqual(limits(1, '1Gi'), limits('1000m', '1024Mi'))).toBe(true);
    expect(templatesEqual(limits('0.0001', '1000Ki'), limits('1m', '1024k'))).toBe(true);
    expect(templatesEqual(web({ env: [] }, { nodeSelector: {} }), web({ env: null }))).toBe(true);
    expect(
      templatesEqual(web({}, { serviceAccount: 'x' }), web({}, { serviceAccountName: 'x', serviceAccount: 'x' })),
    ).toBe(true);
  });

  it('are compared without the hash label and what was injected into the live one', () => {
    const live: PodTemplateSpec = {
      ...web(),
      metadata: {
        labels: { app: 'web', role: 'canary', [podTemplateHashLabel]: 'abc' },
        annotations: { note: 'new' },
      },
    };
    const ephemeralMetadata = '{"labels":{"role":"canary"},"annotations":{"note":"new"}}';
    expect(templatesEqual(web(), live)).toBe(false);
    expect(templatesEqual(web(), live, { ephemeralMetadata })).toBe(true);
    expect(templatesEqual(web(), live, { ephemeralMetadata: 'not JSON' })).toBe(false);
  });

  it('are compared without injected anti-affinity only if the strategy asks for it', () => {
    const own = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'zone' };
    const withTerms = (...terms: unknown[]) =>
      web({}, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
    const preferred = web(
      {},
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: hashTerm }],
          },
        },
      },
    );
    expect(templatesEqual(web(), withTerms(hashTerm))).toBe(false);
    expect(templatesEqual(web(), withTerms(hashTerm), { antiAffinity: true })).toBe(true);
    expect(templatesEqual(web(), preferred, { antiAffinity: true })).toBe(true);
    expect(templatesEqual(withTerms(own), withTerms(own, hashTerm), { antiAffinity: true })).toBe(true);
    expect(templatesEqual(web(), withTerms(own, hashTerm), { antiAffinity: true })).toBe(false);
    const replicaSet = { metadata: { name: 'a' }, spec: { selector: {} } } as ReplicaSet;
    expect(injectedPartsOf(replicaSet, { canary: { antiAffinity: {} } })).toMatchObject({ antiAffinity: true });
    expect(injectedPartsOf(replicaSet, { canary: {} })).toMatchObject({ antiAffinity: false });
  });

  it('stay as they are while they are compared', () => {
    const template = withImage(web({ resources: { limits: { cpu: '1000m' } } }), 'web:1');
    const before = structuredClone(template);
    comparableTemplate(template, { antiAffinity: true });
    withoutInjectedParts(template, { antiAffinity: true });
    expect(template).toEqual(before);
  });

  it('are written out once for each object and kind of comparison', () => {
    const template = web();
    expect(comparableTemplate(template)).toBe(comparableTemplate(template));
    const changed = template as { metadata?: unknown };
    changed.metadata = { labels: { app: 'changed against the rules' } };
    expect(comparableTemplate(template)).toBe(comparableTemplate(web()));
  });
});

describe('the default pull policy', () => {
  it.each([
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['registry.example.com:5000/team/web', 'Always'],
    ['registry.example.com:5000/team/web:1', 'IfNotPresent'],
    [`web@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
    [`web:latest@sha256:${'a'.repeat(64)}`, 'Always'],
    ['Not An Image', 'IfNotPresent'],
    ['', 'IfNotPresent'],
    [undefined, 'IfNotPresent'],
  ])('of %s is %s', (image, policy) => {
    expect(defaultPullPolicy(image)).toBe(policy);
  });
});
