import type { Rollout } from '@sluice/model';
import { createMetrics } from '@sluice/service';
import { describe, expect, it } from 'vitest';
import { createControllerMetrics, infoPhaseOf } from '../src/metrics.ts';
import { rollout } from './objects.ts';

const because = (type: string, reason: string): Rollout =>
  rollout('web', {
    status: {
      conditions: [
        {
          type,
          status: 'True',
          reason,
          message: '',
          lastUpdateTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  });

async function scrape(
  setUp: (metrics: ReturnType<typeof createControllerMetrics>) => void,
): Promise<readonly string[]> {
  const metrics = createMetrics({ processMetrics: false });
  setUp(createControllerMetrics(metrics));
  return (await metrics.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('rollout_info', () => {
  it.each([
    ['InvalidSpec', 'InvalidSpec', 'InvalidSpec'],
    ['Progressing', 'NewReplicaSetAvailable', 'Completed'],
    ['Progressing', 'ProgressDeadlineExceeded', 'Timeout'],
    ['Progressing', 'RolloutPaused', 'Paused'],
    ['Progressing', 'RolloutAborted', 'Abort'],
    ['Progressing', 'ReplicaSetCreateError', 'Error'],
    ['Progressing', 'ReplicaSetUpdated', 'Progressing'],
  ])('%s with reason %s counts as %s', (type, reason, phase) => {
    expect(infoPhaseOf(because(type, reason))).toBe(phase);
  });

  it('has a series for each Rollout that there is, and none for one that is gone', async () => {
    let rollouts = [because('Progressing', 'NewReplicaSetAvailable')];
    const metrics = createMetrics({ processMetrics: false });
    createControllerMetrics(metrics).observe({
      rollouts: () => rollouts,
      exists: () => true,
      lastEventAgeMs: () => 0,
      authority: { describe: () => ({ mayWrite: true, leases: [], otherControllers: [] }) },
    });
    expect(await metrics.registry.metrics()).toContain(
      'rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="",phase="Completed"} 1',
    );
    rollouts = [];
    expect(await metrics.registry.metrics()).not.toContain('name="web"');
  });
});

it('calls to the API server are counted by kind and verb, with the names of Rollouts only', async () => {
  const call = { code: 200, durationMs: 1, attempts: 1 } as const;
  const lines = await scrape(({ onCall }) => {
    onCall({ ...call, method: 'PATCH', path: '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status' });
    onCall({ ...call, method: 'PATCH', path: '/apis/apps/v1/namespaces/shop/replicasets/web-abc' });
    onCall({ ...call, method: 'GET', path: '/api/v1/services' });
    onCall({ ...call, method: 'GET', path: '/api/v1/namespaces/sluice-system', code: 404 });
  });
  const prefix = 'controller_clientset_k8s_request_total';
  expect(lines.filter((line) => line.startsWith(prefix))).toEqual([
    `${prefix}{kind="rollouts",namespace="shop",name="web",verb="Patch",status_code="200"} 1`,
    `${prefix}{kind="replicasets",namespace="shop",name="N/A",verb="Patch",status_code="200"} 1`,
    `${prefix}{kind="services",namespace="N/A",name="N/A",verb="List",status_code="200"} 1`,
    `${prefix}{kind="namespaces",namespace="N/A",name="N/A",verb="Get",status_code="404"} 1`,
  ]);
});
