// The Ingresses that the reference was recorded to leave at each checkpoint: from the stable ones and the weights in the Rollout's status.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import { jsonPatchBetween } from '@sluice/routed-objects';
import { canaryIngressName } from '../src/canary-ingress.ts';
import { after, ingress, split } from './build.ts';

interface RecordedIngress {
  readonly annotations: Readonly<Record<string, string>>;
  readonly owner?: readonly string[];
  readonly labels?: object;
  readonly spec: { readonly rules: readonly object[] };
}
interface Checkpoint {
  readonly Rollout: {
    readonly shop: {
      readonly status: { readonly canary: { readonly weights?: { readonly canary: { readonly weight: number } } } };
    };
  };
  readonly Ingress: Readonly<Record<string, RecordedIngress>>;
}

const recorded = (name: string): Readonly<Record<string, Checkpoint>> =>
  JSON.parse(readFileSync(new URL(`../../../../tools/parity/recorded/${name}.json`, import.meta.url), 'utf8'))
    .checkpoints;

const one = { stableIngress: 'shop' };
const scenarios: readonly (readonly [string, object])[] = [
  ['nginx-steps', one],
  ['nginx-abort', one],
  ['nginx-several-ingresses', { stableIngresses: ['shop', 'shop-internal'] }],
  [
    'nginx-annotations',
    {
      stableIngress: 'shop',
      annotationPrefix: 'nginx.example.com',
      additionalIngressAnnotations: { 'canary-by-header': 'X-Canary', 'canary-by-header-value': 'yes' },
      canaryIngressAnnotations: { 'example.com/team': 'shop' },
    },
  ],
  ['nginx-scale-down-delay', one],
  ['nginx-dynamic-stable-scale', one],
  ['nginx-set-canary-scale', one],
  ['nginx-minimum-pods', one],
  ['nginx-full-promotion', one],
  ['nginx-supersede', one],
  ['nginx-and-istio', one],
  ['analysis-failure-with-nginx', one],
];

describe('the recorded canary Ingresses', () => {
  test.each(scenarios)('%s', (name, config) => {
    const live = new Map<string, RawObject>();
    for (const [label, checkpoint] of Object.entries(recorded(name))) {
      const wanted = split(config, { weight: checkpoint.Rollout.shop.status.canary.weights?.canary.weight ?? 0 });
      for (const { name: stableName } of wanted.settings.stableIngresses) {
        const { annotations, spec } = checkpoint.Ingress[stableName] ?? { annotations: {}, spec: { rules: [] } };
        const stable = ingress(stableName, [], { metadata: { annotations }, spec });
        const canaryName = canaryIngressName('shop', stableName);
        const made = after(live.get(canaryName), stable, wanted);
        live.set(canaryName, made);
        const { owner, labels, ...want } = checkpoint.Ingress[canaryName] ?? {};
        expect({ label, annotations: made.metadata.annotations, spec: made['spec'] }).toEqual({ label, ...want });
        expect(owner).toEqual(['Rollout/shop (controller)']);
        expect(made.metadata.labels).toEqual(labels);
      }
    }
  });
});

const folder = new URL('../../../../tools/parity/takeover/', import.meta.url);

describe('the moments that the reference was stopped at', () => {
  const files = readdirSync(folder).filter((file) => file.startsWith('nginx-'));
  test.each(files)('%s needs no write', (file) => {
    const objects = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly RawObject[];
    const find = (kind: string, name: string): RawObject =>
      objects.find((object) => object.kind === kind && object.metadata.name === name) ?? ingress(name, []);
    const { metadata, spec, status } = find('Rollout', 'shop');
    const rollout = { namespace: metadata.namespace ?? '', name: 'shop', uid: metadata.uid ?? '' };
    const wanted = split(spec.strategy.canary.trafficRouting.nginx, {
      rollout,
      weight: status.canary.weights.canary.weight,
    });
    const live = find('Ingress', 'shop-shop-canary');
    expect(jsonPatchBetween(live, after(live, find('Ingress', 'shop'), wanted))).toEqual([]);
  });
});
