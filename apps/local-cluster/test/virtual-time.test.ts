import { afterEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../src/clock.ts';
import type { LocalCluster } from '../src/cluster.ts';
import { startLocalCluster } from '../src/cluster.ts';
import { connect } from './client.ts';

let cluster: LocalCluster | undefined;
afterEach(() => cluster?.stop());

describe('a cluster with a virtual clock', () => {
  it('plays the ten minutes of a Deployment’s progress deadline in an instant', async () => {
    const clock = virtualClock();
    cluster = await startLocalCluster({ clock, workloads: { runCommands: false } });
    const client = connect(cluster.url);
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'a', image: 'does-not-exist:1' }] },
    };
    const path = '/apis/apps/v1/namespaces/default/deployments';
    await client.call('POST', path, {
      metadata: { name: 'stuck' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    });
    const reason = async (): Promise<string | undefined> =>
      (await client.call('GET', `${path}/stuck`)).body.status?.conditions?.find(
        (c: { type: string }) => c.type === 'Progressing',
      )?.reason;
    clock.advance(9 * 60_000);
    expect(await reason()).not.toBe('ProgressDeadlineExceeded');
    clock.advance(2 * 60_000);
    expect(await reason()).toBe('ProgressDeadlineExceeded');
    client.close();
  });
});
