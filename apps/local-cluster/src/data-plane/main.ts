// The data plane by itself, for the objects of any cluster whose pods are not real: the one of tools/control-plane, or a local one in another process.
import { parseArgs } from 'node:util';
import { createClient } from '@sluice/kube';
import { createClusterObjects } from './objects/cluster-objects.ts';
import { followCluster } from './objects/follow-cluster.ts';
import { startDataPlane } from './start.ts';

const usage = `usage: node src/data-plane/main.ts --kubeconfig FILE [--namespaces A,B] [--port N] [--status-port N] [--announce]
  --kubeconfig FILE  the cluster whose routes, Services and pods count
  --namespaces A,B   only these; all if absent
  --port N           listen on 127.0.0.1:N for clients (a free port if absent)
  --status-port N    listen on 127.0.0.1:N for /metrics, /split and so on (a free port if absent)
  --announce         print one line of JSON instead of text`;

const syncTimeoutMs = 30_000;

function portOf(flag: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`${flag} ${text}: use a number from 0 (any free port) to 65535`);
  return port;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      namespaces: { type: 'string' },
      port: { type: 'string', default: '0' },
      'status-port': { type: 'string', default: '0' },
      announce: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help || !values.kubeconfig) {
    console.log(usage);
    process.exit(values.help ? 0 : 2);
  }
  const ports = { port: portOf('--port', values.port), statusPort: portOf('--status-port', values['status-port']) };
  const client = await createClient({ kubeconfig: values.kubeconfig, userAgent: 'sluice-data-plane' });
  const objects = createClusterObjects();
  const following = followCluster(client, objects, values.namespaces?.split(','));
  await following.whenSynced(AbortSignal.timeout(syncTimeoutMs)).catch((error: unknown) => {
    throw new Error(`the cluster of ${values.kubeconfig} cannot be read: ${reasonOf(following.lastError ?? error)}`);
  });
  const plane = await startDataPlane(objects, Date.now, ports);
  const addresses = { 'data-plane': plane.url, 'data-plane-status': plane.statusUrl };
  if (values.announce) console.log(JSON.stringify({ name: 'data-plane', pid: process.pid, addresses }));
  else console.log(`data plane: ${plane.url}, status: ${plane.statusUrl}`);
  const stop = (): void =>
    void Promise.all([plane.stop(), following.stop()])
      .then(() => client.close())
      .then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

main().catch((error: unknown) => {
  console.error(`data-plane: ${reasonOf(error)}`);
  process.exit(1);
});
