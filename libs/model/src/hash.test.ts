import { describe, expect, it } from 'vitest';
import { linesOf, moments, withImage } from '../test/recordings.ts';
import { podTemplateHash, stepHash } from './hash.ts';
import type { CanaryStep, Experiment, PodTemplateSpec } from './index.ts';
import { podTemplateHashLabel } from './names.ts';
import { withoutInjectedParts } from './template-equality.ts';

// Templates with the hash that Go's encoder and the published types of k8s.io/api v0.34 give them.
const templates = linesOf<{ template: PodTemplateSpec; hash: string }>(
  new URL('./fixtures/pod-templates.jsonl', import.meta.url),
);
// Steps of recorded scenarios with the status.currentStepHash that the reference wrote.
const steps = linesOf<{ steps: CanaryStep[] | null; hash: string }>(
  new URL('./fixtures/step-hashes.jsonl', import.meta.url),
);

const guestbook: PodTemplateSpec = {
  metadata: { labels: { app: 'guestbook' } },
  spec: { containers: [{ name: 'guestbook', image: 'argoproj/rollouts-demo:blue', resources: {} }] },
};

describe('the hash of a pod template', () => {
  it('is that of the specification, without and with a collision count', () => {
    expect(podTemplateHash(guestbook)).toBe('65cb8f49c9');
    expect(podTemplateHash(guestbook, null)).toBe('65cb8f49c9');
    expect(podTemplateHash(guestbook, 0)).toBe('7d9db9f55f');
    expect(podTemplateHash(guestbook, 1)).toBe('66f5ffbbdb');
  });

  it('does not depend on the order of keys, on nulls or on fields that Kubernetes 1.34 does not know', () => {
    const same = {
      spec: {
        containers: [{ image: 'argoproj/rollouts-demo:blue', imagePullpolicy: 'Always', name: 'guestbook', env: null }],
        volumes: [],
      },
      metadata: { creationTimestamp: null, annotations: {}, labels: { app: 'guestbook' } },
    };
    expect(podTemplateHash(same as unknown as PodTemplateSpec)).toBe('65cb8f49c9');
  });

  it.each(templates.map(({ template, hash }, index) => [index, hash, template] as const))(
    'is what Go computes (template %i, %s)',
    (_index, hash, template) => {
      expect(podTemplateHash(template)).toBe(hash);
    },
  );

  it.each(moments.map((moment) => [moment.name, moment] as const))(
    'is the label of every ReplicaSet of the recorded moment %s',
    (_name, { replicaSets, rollout, template }) => {
      expect(replicaSets.length).toBeGreaterThan(0);
      for (const replicaSet of replicaSets) {
        const image = replicaSet.spec.template?.spec?.containers[0]?.image;
        expect(podTemplateHash(withImage(template, image), rollout.status?.collisionCount)).toBe(
          replicaSet.metadata.labels?.[podTemplateHashLabel],
        );
      }
    },
  );

  it('is the label of the ReplicaSets of a recorded Experiment', () => {
    const objects = moments.find(({ name }) => name === 'experiment-step-abort--aborted')?.objects ?? [];
    const experiment = objects.find(({ kind }) => kind === 'Experiment') as Experiment;
    const labels = objects
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'Experiment'))
      .map(({ metadata }) => metadata.labels?.[podTemplateHashLabel]);
    expect(labels).toHaveLength(2);
    expect(
      (experiment.spec.templates ?? []).map(({ template }) => podTemplateHash(withoutInjectedParts(template ?? {}))),
    ).toEqual(labels);
  });
});

describe('the hash of steps', () => {
  it('is that of the specification', () => {
    expect(stepHash([{ pause: {} }, { pause: {} }])).toBe('79c9b9f6bf');
    expect(stepHash([{ pause: {} }])).toBe('6b9b86fbd5');
    for (const none of [null, undefined, []]) expect(stepHash(none)).toBe('5ffbfbbd64');
  });

  it.each(steps.map(({ steps: list, hash }) => [hash, list] as const))('%s was recorded', (hash, list) => {
    expect(stepHash(list)).toBe(hash);
  });

  it.each(moments.map((moment) => [moment.name, moment.rollout] as const))(
    'is the status of the recorded moment %s',
    (_name, { spec, status }) => {
      const canary = spec.strategy?.canary;
      expect(canary ? stepHash(canary.steps) : undefined).toBe(status?.currentStepHash);
    },
  );

  it('depends on the configuration of a plugin, not on the order of its keys', () => {
    const hashOf = (config: unknown) => stepHash([{ plugin: { name: 'org/check', config } }]);
    expect(hashOf({ a: 1, b: { c: [true, null], d: 'x' } })).toBe(hashOf({ b: { d: 'x', c: [true, null] }, a: 1 }));
    expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
  });
});
