import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainExperiment } from '../src/index.ts';
import { LiveWorld, liveExperiment, liveTemplate, variant } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;
let manager: Awaited<ReturnType<LiveWorld['startManager']>>;
const code = async (name: string) =>
  (await explainExperiment(manager.controller, manager.authority, world.namespace, name))?.explanation.code;

beforeAll(async () => {
  world = await LiveWorld.open();
  manager = await world.startManager();
  await world.apply(liveTemplate('check'));
}, timeout);
afterAll(() => world.close(), timeout);

describe('an experiment', { timeout }, () => {
  it('runs its versions side by side for its time, tells of it, and leaves no pod and no Service', async () => {
    await world.apply(liveExperiment('timed', { duration: '2s' }));
    await world.phase('timed', 'Running');
    expect(await world.sizes('timed')).toBe('timed-a×1 timed-b×1');
    const [service] = await world.owned('Service', 'timed');
    const { templateStatuses } = (await world.experiment('timed')).status ?? {};
    expect(templateStatuses?.[1]).toMatchObject({
      serviceName: service?.metadata.name,
      podTemplateHash: service?.['spec'].selector['rollouts-pod-template-hash'],
    });
    await world.phase('timed', 'Successful');
    await world.until('all to go', async () => (await world.sizes('timed')) === 'timed-a×0 timed-b×0');
    await world.until('its Service to go', async () => (await world.owned('Service', 'timed')).length === 0);
    await world.until('its events', async () =>
      (await world.events('timed')).includes(
        'Normal ExperimentSuccessful: Experiment transitioned from Running -> Successful',
      ),
    );
    expect(await world.events('timed')).toContain('Normal ScalingReplicaSet: Scaled up ReplicaSet timed-a from 0 to 1');
    expect(await code('timed')).toBe('Ended');
  });

  it('is ended by the verdict of its analysis, and run again by a retry, with a new run', async () => {
    const analyses = [{ name: 'check', templateName: 'check', requiredForCompletion: true }];
    await world.apply(liveExperiment('judged', { analyses }));
    await world.status('judged', 'its run', ({ analysisRuns }) => analysisRuns?.[0]?.analysisRun === 'judged-check');
    await world.measured('judged-check', { phase: 'Failed', message: 'too slow' });
    await world.status('judged', 'Failed', ({ phase, message }) => phase === 'Failed' && message === 'too slow');
    await world.until('its pods to go', async () => (await world.sizes('judged')) === 'judged-a×0 judged-b×0');
    await world.retry('judged');
    await world.status(
      'judged',
      'a new run',
      ({ analysisRuns }) => analysisRuns?.[0]?.analysisRun === 'judged-check.1',
    );
    await world.measured('judged-check.1', {
      phase: 'Successful',
      metricResults: [{ name: 'web', phase: 'Successful', count: 1, successful: 1 }],
    });
    await world.status('judged', 'Successful', ({ message }) => message === 'Required AnalysisRuns completed');
  });

  it('waits for an analysis-runner that is away, says so, and goes on when it is back', async () => {
    world.runnerIsAway = true;
    await world.apply(
      liveExperiment('patient', { duration: '1s', analyses: [{ name: 'check', templateName: 'check' }] }),
    );
    await world.phase('patient', 'Running');
    await world.until('it to say so', async () => (await code('patient')) === 'WaitingForAnalysisRunner');
    await sleep(1_500);
    expect((await world.experiment('patient')).status?.phase).toBe('Running');
    world.runnerIsAway = false;
    await world.status('patient', 'its run', ({ analysisRuns }) => analysisRuns?.[0]?.phase === 'Pending');
    await world.measured('patient-check', { phase: 'Running' });
    await sleep(500);
    expect((await world.experiment('patient')).status?.phase).toBe('Running');
    await world.measured('patient-check', {
      phase: 'Running',
      metricResults: [{ name: 'web', phase: 'Running', count: 1, successful: 1 }],
    });
    await world.phase('patient', 'Successful');
    await world.until(
      'its run to be ended',
      async () => (await world.owned('AnalysisRun', 'patient'))[0]?.['spec'].terminate === true,
    );
  });

  it('that a person ends leaves its pods for the scale-down delay', async () => {
    await world.apply(liveExperiment('delayed', { scaleDownDelaySeconds: 3 }));
    await world.phase('delayed', 'Running');
    await world.terminate('delayed');
    await world.phase('delayed', 'Successful');
    const [set] = await world.owned('ReplicaSet', 'delayed');
    expect(set?.metadata.annotations).toHaveProperty('scale-down-deadline');
    await world.until('its pods to go', async () => (await world.sizes('delayed')) === 'delayed-a×0 delayed-b×0');
  });

  it('keeps pods and Service that its Rollout still routes to', async () => {
    await world.apply({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web' }, spec: {} });
    const rollout = await world.person.get(resources.rollouts, { namespace: world.namespace, name: 'web' });
    const owner = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      name: 'web',
      uid: rollout.metadata.uid,
      controller: true,
    };
    await world.apply(liveExperiment('weighed', {}, { ownerReferences: [owner] }));
    await world.phase('weighed', 'Running');
    await world.status('weighed', 'its Service', ({ templateStatuses }) => !!templateStatuses?.[1]?.serviceName);
    const { templateStatuses } = (await world.experiment('weighed')).status ?? {};
    const additional = [
      { weight: 5, serviceName: 'weighed-b', podTemplateHash: templateStatuses?.[1]?.podTemplateHash },
    ];
    const route = (weights: object | null) =>
      world.person.patch(
        resources.rollouts,
        { namespace: world.namespace, name: 'web' },
        'merge',
        { status: { canary: { weights } } },
        { subresource: 'status' },
      );
    await route({ canary: { weight: 5 }, stable: { weight: 90 }, additional });
    await world.terminate('weighed');
    await world.until('it to wait for the routes', async () => (await code('weighed')) === 'WaitingForRoutes');
    await world.until('the other to go', async () => (await world.sizes('weighed')) === 'weighed-a×0 weighed-b×1');
    expect(await world.owned('Service', 'weighed')).toHaveLength(1);
    await route(null);
    await world.until('both to go', async () => (await world.sizes('weighed')) === 'weighed-a×0 weighed-b×0');
    await world.until('the Service to go', async () => (await world.owned('Service', 'weighed')).length === 0);
  });

  it('whose names others have says so: a Service at once, a ReplicaSet until its deadline', async () => {
    await world.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'theirs' },
      spec: { ports: [{ port: 80 }] },
    });
    await world.apply(liveExperiment('crowded', { templates: [variant('a', { service: { name: 'theirs' } })] }));
    await world.phase('crowded', 'Error');
    expect((await world.experiment('crowded')).status?.message).toBe(
      "Failed to create Service theirs for template 'a': service theirs already exists and is not owned by experiment template a",
    );
    const { spec } = liveExperiment('taken');
    await world.apply({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'taken-a' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'x' } },
        template: { ...spec.templates[0].template, metadata: { labels: { app: 'x' } } },
      },
    });
    await world.apply(liveExperiment('taken', { templates: [variant('a')], progressDeadlineSeconds: 1 }));
    await world.until('it to say so', async () => ['NameTaken', 'Ended'].includes((await code('taken')) ?? ''));
    await world.phase('taken', 'Failed');
  });

  it('tells of a change of its pods that is refused, and tries again', async () => {
    await world.apply(liveExperiment('refused'));
    await world.phase('refused', 'Running');
    world.cluster.faults.add({ method: 'PATCH', path: /replicasets\/refused-a/, times: 1, answer: { code: 403 } });
    await world.terminate('refused');
    await world.until('its pods to go', async () => (await world.sizes('refused')) === 'refused-a×0 refused-b×0');
    await world.until('its events', async () =>
      (await world.events('refused')).some((told) =>
        told.startsWith('Warning ReplicaSetUpdateError: Failed to update ReplicaSet refused-a: '),
      ),
    );
  });

  it('at rest is not written any more', async () => {
    await world.apply(liveExperiment('resting'));
    await world.phase('resting', 'Running');
    await world.status(
      'resting',
      'its counters',
      ({ templateStatuses }) => !!templateStatuses?.every(({ readyReplicas }) => readyReplicas === 1),
    );
    let seen = -1;
    // Whatever the other experiments still do may end first.
    await world.until('writes to cease', async () => {
      const before = world.writes().length;
      await sleep(1_200);
      seen = world.writes().length;
      return seen === before;
    });
    for (const { metadata } of manager.caches.experiments.list())
      await manager.controller.decide(`${world.namespace}/${metadata.name}`);
    manager.controller.standingChanged();
    await sleep(500);
    expect(world.writes()).toHaveLength(seen);
  });
});
