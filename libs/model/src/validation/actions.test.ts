import { expect, test } from 'vitest';
import type { CanaryStep, RolloutStrategy } from '../index.ts';
import { formatFieldError } from './field-error.ts';
import { validateRollout } from './rollout.ts';

const labels = { app: 'shop' };
const errorOf = (strategy: RolloutStrategy): string | undefined => {
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels } }, strategy };
  const error = validateRollout({ metadata: { name: 'shop' }, spec });
  return error && formatFieldError(error);
};
const routing = { plugins: { 'org/router': {} }, managedRoutes: [{ name: 'header' }] };
const canary = (...steps: CanaryStep[]): RolloutStrategy => ({ canary: { trafficRouting: routing, steps } });
const templates = [{ templateName: 'success-rate' }];

test.each<[string, RolloutStrategy, string]>([
  [
    'analysis: {}',
    canary({ setWeight: 5 }, { analysis: {} }),
    'canary.steps[1].analysis.templates: Required value: an',
  ],
  ['an analysis of no templates', canary({ analysis: { templates: [] } }), 'canary.steps[0].analysis.templates: Req'],
  [
    'an unnamed template',
    canary({ analysis: { templates: [{}] } }),
    'steps[0].analysis.templates[0].templateName: Req',
  ],
  [
    'experiment: {}',
    canary({ experiment: {} } as CanaryStep),
    'canary.steps[0].experiment.templates: Required value: an',
  ],
  [
    'an experiment without templates',
    canary({ experiment: { templates: [] } }),
    'canary.steps[0].experiment.templates: Required value',
  ],
  ['no action', canary({ setWeight: 5 }, {}), 'steps[1]: Invalid value'],
  ['two actions', canary({ setWeight: 5, setCanaryScale: { replicas: 1 } }), 'setWeight and setCanaryScale: make each'],
  ['two exclusive actions', canary({ setWeight: 5, pause: {} }), 'steps[0]: Invalid value'],
  ['a plugin beside a pause', canary({ pause: {}, plugin: { name: 'a/b' } }), 'pause and plugin: make each'],
  [
    'setCanaryScale: {}',
    canary({ setCanaryScale: {} }),
    'canary.steps[0].setCanaryScale: Invalid value: {}: set exactly',
  ],
  [
    'a scale by two fields',
    canary({ setCanaryScale: { replicas: 1, weight: 10 } }),
    'set exactly one of replicas, weight and matchTrafficWeight: true',
  ],
  ['a weight beyond all', { canary: { steps: [{ setWeight: 101 }] } }, 'steps[0].setWeight: Invalid value: 101'],
  ['a plugin without a name', canary({ plugin: {} } as CanaryStep), 'canary.steps[0].plugin.name: Required value'],
  ['a header route without a name', canary({ setHeaderRoute: {} } as CanaryStep), 'steps[0].setHeaderRoute'],
  ['a mirror route without a name', canary({ setMirrorRoute: {} } as CanaryStep), 'steps[0].setMirrorRoute'],
  ['a background analysis {}', { canary: { analysis: {} } }, 'spec.strategy.canary.analysis.templates: Required value'],
  [
    'prePromotionAnalysis: {}',
    { blueGreen: { activeService: 'a', prePromotionAnalysis: {} } },
    'spec.strategy.blueGreen.prePromotionAnalysis.templates: Required value',
  ],
  [
    'postPromotionAnalysis: {}',
    { blueGreen: { activeService: 'a', postPromotionAnalysis: {} } },
    'spec.strategy.blueGreen.postPromotionAnalysis.templates: Required value',
  ],
  [
    'a pause in days',
    canary({ pause: { duration: '1d' } }),
    '"1d": time: unknown unit "d" in duration "1d": the units are',
  ],
  ['a pause of words', canary({ pause: { duration: 'soon' } }), '"soon": time: invalid duration "soon": the units are'],
  [
    'an experiment in days',
    canary({ experiment: { duration: '1d', templates: [{ name: 'a', specRef: 'canary' }] } }),
    'the units are s, m and h: write a duration such as 90s, 10m or 24h',
  ],
])('%s is invalid, and the message names the place and the remedy', (_what, strategy, message) => {
  expect(errorOf(strategy)).toContain(message);
});

test('steps with one action each are valid, also those without settings', () => {
  const steps: CanaryStep[] = [
    { pause: {} },
    { pause: { duration: '90' } },
    { setWeight: 0 },
    { setCanaryScale: { matchTrafficWeight: true } },
    { setCanaryScale: { weight: 25, matchTrafficWeight: false } },
    { analysis: { templates } },
    { experiment: { templates: [{ name: 'a', specRef: 'canary' }] } },
    { plugin: { name: 'org/smoke' } },
    { setHeaderRoute: { name: 'header' } },
  ];
  expect(errorOf(canary(...steps))).toBeUndefined();
});
