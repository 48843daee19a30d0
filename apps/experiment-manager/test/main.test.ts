import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { resources } from '@sluice/kube';
import { createExperimentPeer } from '@sluice/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveExperiment, variant } from './live-world.ts';

const timeout = 240_000;
const main = path.resolve(import.meta.dirname, '../src/main.ts');
const instanceLabel = 'argo-rollouts.argoproj.io/controller-instance-id';
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

interface Announced {
  readonly name: string;
  readonly addresses: { readonly metrics: string; readonly grpc: string };
}

describe('the program', { timeout }, () => {
  it('announces itself, looks after its own experiments, serves probes, metrics, explanations and calls, and gives its Lease back', async () => {
    const args = ['--http-host', '127.0.0.1', '--http-port', '0', '--grpc-host', '127.0.0.1', '--grpc-port', '0'];
    const child = spawn(
      process.execPath,
      [
        main,
        ...args,
        '--announce',
        '--instance-id',
        'blue',
        '--namespaces',
        'shop',
        '--kubeconfig',
        world.kubeconfig('sluice'),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { name, addresses } = JSON.parse(line) as Announced;
    expect(name).toBe('experiment-manager');
    const read = async (at: string) => {
      const answer = await fetch(`${addresses.metrics}${at}`);
      return { code: answer.status, text: await answer.text() };
    };
    expect(await read('/healthz')).toMatchObject({ code: 200 });
    expect(await read('/readyz')).toMatchObject({ code: 200 });

    await world.apply(liveExperiment('others'), liveExperiment('ours', {}, { labels: { [instanceLabel]: 'blue' } }));
    await world.phase('ours', 'Running');
    expect((await world.experiment('others')).status).toBeUndefined();
    const explained = JSON.parse((await read('/explain/experiments/shop/ours')).text) as unknown;
    expect(explained).toMatchObject({ phase: 'Running', explanation: { code: 'RunningUntilTerminated' } });
    expect(await read('/explain/experiments/shop/nobody')).toMatchObject({ code: 404 });
    const { text } = await read('/metrics');
    expect(text).toContain('experiment_info{namespace="shop",name="ours",phase="Running"} 1');
    expect(text).toMatch(/experiment_reconcile_count\{namespace="shop",name="ours"\} \d+/);

    const peer = createExperimentPeer({ address: addresses.grpc });
    const { uid = '' } = (await world.experiment('ours')).metadata;
    await peer.terminate({ namespace: 'shop', name: 'ours', uid });
    peer.close();
    await world.phase('ours', 'Successful');

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const lease = await world.person.get(resources.leases, {
      namespace: 'sluice-system',
      name: 'sluice-experiment-manager-blue-0',
    });
    expect(lease['spec'].holderIdentity).toBe('');
  });
});

describe('of two managers', { timeout }, () => {
  it('one works, and the other goes on when it stops; an invalid experiment is refused and, mended, runs', async () => {
    const lease = { leaderElect: true, leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 100 } as const;
    const first = await world.startManager({ ...lease, identity: 'one' });
    const second = await world.startManager({ ...lease, identity: 'two' });
    expect([first, second].map(({ authority }) => authority.standing('shop/x'))).toEqual(['in charge', 'standby']);
    await world.apply(liveExperiment('mended', { templates: [variant('a'), variant('a')] }));
    await world.status('mended', 'InvalidSpec', ({ conditions }) => conditions?.[0]?.type === 'InvalidSpec');
    await first.stop();
    await world.patch('Experiment', 'mended', { spec: { templates: [variant('a')] } });
    await world.phase('mended', 'Running');
    expect(second.authority.standing('shop/x')).toBe('in charge');
  });
});
