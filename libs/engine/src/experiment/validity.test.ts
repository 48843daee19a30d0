import type { Experiment } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { invalidity } from './validity.ts';

const selector = { matchLabels: { app: 'a' } };
const experiment = (spec: Partial<Experiment['spec']>, variant: object = {}): Experiment => ({
  metadata: { name: 'compare', namespace: 'team' },
  spec: { templates: [{ name: 'a', selector, template: {}, ...variant }], ...spec },
});

describe('a number of an Experiment', () => {
  it.each([
    ['duration', experiment({ duration: '-5m' })],
    ['progressDeadlineSeconds', experiment({ progressDeadlineSeconds: -1 }, { minReadySeconds: -2 })],
    ['scaleDownDelaySeconds', experiment({ scaleDownDelaySeconds: -1 })],
    ['templates[0].replicas', experiment({}, { replicas: -1 })],
    ['templates[0].minReadySeconds', experiment({}, { minReadySeconds: -1 })],
  ])('that is negative is invalid: %s', (field, given) => {
    expect(invalidity(given)).toBe(`Experiment compare has a negative ${field}; it must be greater than or equal to 0`);
  });

  it('may be 0', () => {
    expect(invalidity(experiment({ duration: '0s', scaleDownDelaySeconds: 0 }, { replicas: 0 }))).toBeUndefined();
  });
});
