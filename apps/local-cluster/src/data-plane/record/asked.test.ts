import { expect, it } from 'vitest';
import { askedSplit } from './asked.ts';

const ask = (strategy: object, status: object) =>
  askedSplit({ metadata: { name: 'shop' }, spec: { strategy }, status } as Parameters<typeof askedSplit>[0]);
const shares = (of: ReturnType<typeof askedSplit>) =>
  of && Object.fromEntries(of.shares.map(({ hash, percent }) => [hash, percent]));

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const moving = { stableRS: 'one', currentPodHash: 'two' };

it.each([
  [
    'the weights in the status',
    { steps },
    { ...moving, canary: { weights: { stable: { weight: 70 }, canary: { weight: 30 } } } },
    { one: 70, two: 30 },
  ],
  [
    'weights out of another total',
    { steps },
    { ...moving, canary: { weights: { stable: { weight: 150 }, canary: { weight: 50 } } } },
    { one: 75, two: 25 },
  ],
  [
    'weights with those of an experiment',
    { steps },
    {
      ...moving,
      canary: {
        weights: {
          stable: { weight: 80 },
          canary: { weight: 10 },
          additional: [{ podTemplateHash: 'exp', weight: 10 }],
        },
      },
    },
    { one: 80, two: 10, exp: 10 },
  ],
  ['the step without a router', { steps }, { ...moving, currentStepIndex: 1 }, { one: 80, two: 20 }],
  ['the weight of this very step', { steps }, { ...moving, currentStepIndex: 2 }, { one: 40, two: 60 }],
  ['all after the last step', { steps }, { ...moving, currentStepIndex: 4 }, { two: 100 }],
  ['nothing for an aborted canary', { steps }, { ...moving, currentStepIndex: 2, abort: true }, { one: 100 }],
  [
    'all for the only version',
    { steps },
    { stableRS: 'one', currentPodHash: 'one', currentStepIndex: 4 },
    { one: 100 },
  ],
  ['all for the first version', { steps }, { currentPodHash: 'one', currentStepIndex: 0 }, { one: 100 }],
])('What was asked for is %s', (_name, canary, status, wanted) => {
  expect(shares(ask({ canary }, status))).toEqual(wanted);
});

it('What was asked for is all for the active version, in blue-green', () => {
  expect(ask({ blueGreen: {} }, { ...moving, blueGreen: { activeSelector: 'one' } })).toEqual({
    from: 'active',
    shares: [{ hash: 'one', percent: 100 }],
  });
});

it('Nothing was asked for before there is a status', () => {
  expect(askedSplit({ metadata: { name: 'shop' } })).toBeUndefined();
});
