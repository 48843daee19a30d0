import type { AnalysisPhase, Experiment } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';

const capabilities = { routers: ['istio'], analysis: true, experiments: true, stepPlugins: [] };
const named = { serviceName: 'shop-a', podTemplateHash: 'hash-a' };

/** A Rollout whose experiment has its pods, and a person's word for how the experiment goes. */
function compared() {
  const experiment = { templates: [{ name: 'a', specRef: 'stable' as const, weight: 10 }] };
  const steps = [{ experiment }, { pause: {} }];
  const trafficRouting = { istio: { virtualService: { name: 'shop' } } };
  const world = new RoutedWorld({ trafficRouting, steps }, 4);
  world.further = { capabilities };
  world.settle().setImage('shop:2');
  const name = world.status.canary?.currentExperiment ?? '';
  const say = (phase: AnalysisPhase): void => {
    const templateStatuses = [{ name: 'a', status: 'Running' as const, availableReplicas: 1, ...named }];
    const told: Experiment = {
      ...{
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Experiment',
        metadata: { name, uid: name },
        spec: { templates: [] },
      },
      status: { phase, templateStatuses },
    };
    world.further = { capabilities, experiments: [told] };
  };
  say('Running');
  return { world, say };
}

describe('a version of an experiment', () => {
  it('is named in the status before a router is told to send it traffic', () => {
    const { world } = compared();
    const { status, actions } = world.decide();
    expect(status.canary?.weights?.additional).toEqual([{ weight: 0, ...named }]);
    expect(actions.filter(({ kind }) => kind === 'ApplyTraffic')).toEqual([]);
    world.settle();
    expect(world.status.canary?.weights).toMatchObject({
      stable: { weight: 90 },
      additional: [{ weight: 10, ...named }],
    });
  });

  it('stays named until routers have confirmed that nobody is sent there, also when no answer to the first call came', () => {
    const { world, say } = compared();
    world.routerWorks = false;
    world.settle();
    say('Failed');
    world.settle();
    expect(world.status).toMatchObject({ abort: true });
    expect(world.status.canary?.weights?.additional).toEqual([{ weight: 0, ...named }]);
    world.routerWorks = true;
    world.settle();
    expect(world.status.canary?.weights).toMatchObject({ stable: { weight: 100 } });
    expect(world.status.canary?.weights?.additional).toBeUndefined();
  });
});
