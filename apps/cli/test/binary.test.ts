import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resources } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LiveCluster, startLiveCluster } from './live-cluster.ts';

// The whole way: the program as a process, a kubeconfig, an API server with the real rules, and a controller that reacts.

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
  strategy: { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: "shop:1" }] }
`;

let live: LiveCluster;
beforeAll(async () => {
  live = await startLiveCluster();
});
afterAll(() => live.stop());

const done = (out: string) => ({ status: 0, out, err: '' });
const rollout = () => live.client.get<Rollout>(resources.rollouts, { namespace: 'default', name: 'shop' });

/** Waits, by watching, until the Rollout is in a phase. */
async function until(phase: string, step?: number): Promise<void> {
  const has = ({ status, metadata }: Rollout) =>
    status?.phase === phase &&
    status.observedGeneration === String(metadata.generation) &&
    !(status.controllerPause === true && (status.pauseConditions ?? []).length === 0) &&
    (step === undefined || status.currentStepIndex === step);
  for await (const { type, object } of live.client.watch<Rollout>(resources.rollouts, { namespace: 'default' })) {
    if (type !== 'BOOKMARK' && has(object)) return;
  }
}

describe('the program against a cluster with a controller', () => {
  it('creates a Rollout and waits until it is Healthy', async () => {
    const file = join(live.directory, 'shop.yaml');
    writeFileSync(file, ROLLOUT);
    expect(await live.sluice('create', '-f', file)).toEqual(done('rollout.argoproj.io/shop created\n'));
    const status = await live.sluice('status', 'shop');
    expect(status).toMatchObject({ status: 0, err: '' });
    expect(status.out).toMatch(/(^|\n)Healthy\n$/);
  });

  it('starts an update by setting the image and shows it paused', async () => {
    expect(await live.sluice('set', 'image', 'shop', 'shop=shop:2')).toEqual(done('rollout "shop" image updated\n'));
    await until('Paused');
    const { out, status } = await live.sluice('get', 'rollout', 'shop');
    expect(status).toBe(0);
    expect(out).toContain(
      'Status:          ॥ Paused\nMessage:         CanaryPauseStep\nStrategy:        Canary\n  Step:          1/4\n',
    );
    expect(out).toContain('Images:          shop:1 (stable)\n                 shop:2 (canary)\n');
    expect(out).toMatch(
      /\n├──# revision:2 +\n│ {2}└──⧉ shop-\w+ +ReplicaSet +✔ Healthy +\w+ +canary\n│ {5}└──□ shop-\w+-\w+ +Pod +✔ Running +\w+ +ready:1\/1\n└──# revision:1 +\n/,
    );
    expect((await live.sluice('explain', 'shop')).out).toContain('Reason:    PausedAtStep\n');
  });

  it('promotes to the next step', async () => {
    expect(await live.sluice('promote', 'shop')).toEqual(done("rollout 'shop' promoted\n"));
    await until('Paused', 3);
    expect((await live.sluice('list', 'rollouts')).out).toMatch(/\nshop +Canary +Paused +3\/4 +50 +4\/4 +4 +2 +4\n$/);
  });

  it('aborts, says so by its exit status, and tries again', async () => {
    expect(await live.sluice('abort', 'shop')).toEqual(done("rollout 'shop' aborted\n"));
    await until('Degraded');
    expect(await live.sluice('status', 'shop')).toEqual({
      status: 1,
      out: 'Degraded - RolloutAborted: Rollout aborted update to revision 2\n',
      err: 'Error: The rollout is in a degraded state with message: RolloutAborted: Rollout aborted update to revision 2\n',
    });
    expect((await live.sluice('explain', 'shop')).out).toContain('Unblock:   sluice retry rollout shop');
    expect(await live.sluice('retry', 'rollout', 'shop')).toEqual(done("rollout 'shop' retried\n"));
    await until('Paused', 1);
  });

  it('promotes in full', async () => {
    expect(await live.sluice('promote', 'shop', '--full')).toEqual(done("rollout 'shop' fully promoted\n"));
    await until('Healthy');
    expect((await live.sluice('status', 'shop', '--watch=false')).out).toBe('Healthy\n');
  });

  it('goes back to the revision before, which is recognised', async () => {
    const before = (await rollout()).status?.stableRS;
    expect(await live.sluice('undo', 'shop')).toEqual(done("rollout 'shop' undo\n"));
    await until('Paused', 1);
    const { items } = await live.client.list(resources.replicaSets, { namespace: 'default' });
    expect(items).toHaveLength(2);
    expect((await rollout()).spec.template?.spec?.containers[0]?.image).toBe('shop:1');
    expect((await rollout()).status?.stableRS).toBe(before);
    await live.sluice('promote', 'shop', '--full');
    await until('Healthy');
  });

  it('restarts the pods', async () => {
    // In two seconds: Kubernetes counts whole seconds, and pods of this very second would not be older.
    const { items: before } = await live.client.list(resources.pods, {
      namespace: 'default',
      labelSelector: 'app=shop',
    });
    expect((await live.sluice('restart', 'shop', '--in', '2s')).out).toBe("rollout 'shop' restarts in 2s\n");
    expect((await live.sluice('status', 'shop')).status).toBe(0);
    const { items: after } = await live.client.list(resources.pods, {
      namespace: 'default',
      labelSelector: 'app=shop',
    });
    const uids = new Set(before.map(({ metadata }) => metadata.uid));
    expect(after.filter(({ metadata }) => uids.has(metadata.uid) && metadata.deletionTimestamp === undefined)).toEqual(
      [],
    );
  });

  it('pauses by hand and takes that back', async () => {
    expect(await live.sluice('pause', 'shop')).toEqual(done("rollout 'shop' paused\n"));
    await until('Paused');
    expect((await rollout()).spec.paused).toBe(true);
    await live.sluice('promote', 'shop');
    await until('Healthy');
    expect((await rollout()).spec.paused).toBe(false);
  });

  it('watches until its time is over', async () => {
    const { status, out } = await live.sluice('get', 'rollout', 'shop', '--watch', '--timeout-seconds', '1');
    expect(status).toBe(0);
    expect(out).toMatch(/^Name: {12}shop\n/);
  });

  it.each([
    ['get rollout cart', 'rollouts', ', or look with `sluice list rollouts -A`'],
    ['get experiment cart', 'experiments', ', or look with `sluice list experiments -A`'],
    ['terminate analysisrun cart', 'analysisruns', ''],
  ])('says what is wrong in one line: %s', async (commandLine, plural, look) => {
    expect(await live.sluice(...commandLine.split(' '))).toEqual({
      status: 1,
      out: '',
      err: `Error: ${plural}.argoproj.io "cart" not found. Check the name and the namespace (-n)${look}.\n`,
    });
  });
});
