import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoredObject } from '../kube.mjs';
import { inLoadingOrder } from './load-moment.ts';
import { creatable, movedTo, statusFor } from './moment.ts';

const setting = {
  namespace: 'elsewhere',
  nowMs: Date.parse('2030-01-01T00:00:10.600Z'),
  metricsUrl: 'http://127.0.0.1:9',
};

function stored(name: string): StoredObject[] {
  return JSON.parse(
    fs.readFileSync(path.join(import.meta.dirname, '../takeover', `${name}.json`), 'utf8'),
  ) as StoredObject[];
}

function theOnly(kind: string, objects: readonly StoredObject[]): StoredObject {
  return objects.find((object) => object.kind === kind) as StoredObject;
}

describe('a stored moment', () => {
  it('is moved in time so that its latest time is now, in whole seconds', () => {
    const { status } = theOnly('Rollout', movedTo(setting, stored('canary-steps--paused')));
    expect(status.pauseConditions[0].startTime).toBe('2030-01-01T00:00:10Z');
  });

  it('has its deadlines ten minutes further ahead than they were, so that a slow machine reaches none', () => {
    const objects = movedTo(setting, stored('blue-green-automatic--switched-the-old-set-waits'));
    const deadlines = objects.flatMap((object) => object.metadata.annotations?.['scale-down-deadline'] ?? []);
    expect(deadlines).toEqual(['2030-01-01T00:10:40Z']);
  });

  it('is moved to another namespace and to the metric back end that answers', () => {
    const text = JSON.stringify(movedTo(setting, stored('analysis-background-success--running')));
    expect(text).not.toContain('parity-analysis-background-success');
    expect(text).toContain(`${setting.metricsUrl}/`);
  });

  it('refers to the uids and generations of the recreated objects', () => {
    const moment = stored('canary-workload-ref--half');
    const rollout = theOnly('Rollout', moment);
    const sets = moment.filter((o) => o.metadata.ownerReferences?.[0]?.uid === rollout.metadata.uid);
    const set = sets.find(
      (o) => o.metadata.annotations?.['rollout.argoproj.io/workload-generation'] === '3',
    ) as StoredObject;
    const recreated = { uids: new Map([[rollout.metadata.uid, 'new-uid']]), workloadGenerationShift: -2 };
    expect(creatable(set, recreated).metadata).toMatchObject({
      ownerReferences: [{ uid: 'new-uid' }],
      annotations: { 'rollout.argoproj.io/workload-generation': '1' },
    });
    const made = creatable(rollout, recreated);
    expect(made.metadata).toMatchObject({ annotations: { 'rollout.argoproj.io/workload-generation': '1' } });
    expect(made).not.toHaveProperty('status');
    const status = statusFor(rollout, { ...rollout, metadata: { ...rollout.metadata, generation: 4 } }, recreated);
    expect(status).toMatchObject({ observedGeneration: '4', workloadObservedGeneration: '1', currentStepIndex: 1 });
  });

  it('stays as far behind its newest spec as it was', () => {
    const rollout = theOnly('Rollout', stored('canary-steps--paused'));
    const late = { ...rollout, status: { ...rollout['status'], observedGeneration: '1' } };
    const created = { ...rollout, metadata: { ...rollout.metadata, generation: 1 } };
    const status = statusFor(late, created, { uids: new Map(), workloadGenerationShift: 0 });
    expect(status).toMatchObject({ observedGeneration: '0' });
  });

  it("is loaded with a Deployment's sets before it and a Rollout's sets after it", () => {
    const order = inLoadingOrder(stored('canary-workload-ref--half')).map(({ kind, metadata }) =>
      [kind, metadata.ownerReferences?.[0]?.kind].filter(Boolean).join(' of '),
    );
    expect(order).toEqual([
      'ReplicaSet of Deployment',
      'ReplicaSet of Deployment',
      'Deployment',
      'Rollout',
      'ReplicaSet of Rollout',
      'ReplicaSet of Rollout',
    ]);
  });
});
