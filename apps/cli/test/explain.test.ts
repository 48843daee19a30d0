import { afterEach, describe, expect, it } from 'vitest';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { recordedObjects } from './recorded.ts';
import { run } from './run.ts';

let api: FakeApi;
afterEach(() => api.close());

async function explain(moment: string, now = '2026-11-21T09:34:46Z') {
  api = await startFakeApi(recordedObjects(moment));
  return run(api, 'explain shop', { now });
}

describe('explain', () => {
  it('says what a pause step waits for, since when, and how to go on', async () => {
    expect(await explain('canary-steps--paused')).toEqual({
      status: 0,
      out: `Name:      shop
Status:    ॥ Paused
Reason:    PausedAtStep
           It pauses at step 2 of 6 until somebody promotes it.
Since:     2026-11-21T09:29:53Z (4m53s ago)
Unblock:   sluice promote shop
`,
      err: '',
    });
  });
  it.each([
    ['canary-abort-retry--aborted', 'Aborted', 'sluice retry rollout shop'],
    ['blue-green-manual--preview-ready', 'PausedBeforePromotion', 'sluice promote shop'],
    ['canary-user-pause--paused-by-user', 'PausedByUser', 'sluice promote shop'],
    ['canary-steps--promoted', 'Healthy', 'Nothing to do.'],
  ])('%s is %s', async (moment, reason, unblock) => {
    const { out, status } = await explain(moment);
    expect(status).toBe(0);
    expect(out).toContain(`\nReason:    ${reason}\n`);
    expect(out).toContain(`\nUnblock:   ${unblock}`);
  });
  it('writes nothing', async () => {
    await explain('canary-abort-retry--aborted');
    expect(api.writes).toEqual([]);
  });
  it('says that nobody has looked at the newest spec', async () => {
    api = await startFakeApi(recordedObjects('canary-steps--paused'));
    api.change('Rollout', 'shop', ({ metadata }) => (metadata.generation = 3));
    const { out } = await run(api, 'explain shop');
    expect(out).toContain('No controller has looked at the newest spec yet (generation 3, observed 2).');
  });
  it('says who else looks after the Rollout, and does not miss what that one can do', async () => {
    const lease = (renewTime: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'argo-rollouts-controller-lock' },
      spec: { holderIdentity: 'pod-7', leaseDurationSeconds: 15, renewTime },
    });
    api = await startFakeApi([...recordedObjects('nginx-steps--20-'), lease('2026-11-21T09:34:40.000000Z')]);
    const { out } = await run(api, 'explain shop');
    expect(out).toContain('Reason:    PausedAtStep\n');
    expect(out).toContain(
      'Note:      Another controller (pod-7, Lease argo-rollouts/argo-rollouts-controller-lock) looks after it; Sluice only observes.\n',
    );
    await api.close();
    api = await startFakeApi([...recordedObjects('canary-steps--paused'), lease('2026-11-21T09:30:00.000000Z')]);
    expect((await run(api, 'explain shop')).out).not.toContain('Note:');
  });
  it('misses nothing that whoever keeps the status up to date must have', async () => {
    api = await startFakeApi(recordedObjects('nginx-steps--20-'));
    expect((await run(api, 'explain shop')).out).toContain('Reason:    PausedAtStep\n');
  });
  it('says that there is no such Rollout', async () => {
    api = await startFakeApi([]);
    const { err, status } = await run(api, 'explain shop');
    expect(status).toBe(1);
    expect(err).toContain('Error: rollouts.argoproj.io "shop" not found. Check the name and the namespace (-n)');
  });
});
