// The local cluster as a service.
import { parseArgs } from 'node:util';
import { startLocalCluster } from './cluster.ts';

const usage = `usage: node src/main.ts [--port N] [--kubeconfig-out FILE] [--data-plane] [--announce]
  --port N               listen on 127.0.0.1:N (a free port if absent)
  --kubeconfig-out FILE  write a kubeconfig for kubectl and the services
  --data-plane           a proxy that obeys the routes in the cluster, and pods that answer
  --announce             print one line of JSON instead of text`;

interface Options {
  readonly port: number;
  readonly kubeconfigOut: string | undefined;
  readonly dataPlane: boolean;
  readonly announce: boolean;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      'kubeconfig-out': { type: 'string' },
      'data-plane': { type: 'boolean', default: false },
      announce: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${values.port}: use a number from 0 (any free port) to 65535`);
  return { port, kubeconfigOut: values['kubeconfig-out'], dataPlane: values['data-plane'], announce: values.announce };
}

async function main(): Promise<void> {
  const { port, kubeconfigOut, dataPlane, announce } = options();
  const cluster = await startLocalCluster({ port, dataPlane }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`port ${port} is taken: choose another with --port, or leave it out for a free one`, {
        cause: error,
      });
    throw error;
  });
  if (kubeconfigOut) cluster.writeKubeconfig(kubeconfigOut);
  const { url: clients, statusUrl } = cluster.dataPlane ?? {};
  const traffic = clients && statusUrl ? { 'data-plane': clients, 'data-plane-status': statusUrl } : {};
  const addresses = { api: cluster.url, ...traffic };
  if (announce) console.log(JSON.stringify({ name: 'local-cluster', pid: process.pid, addresses }));
  else console.log(`local cluster: ${cluster.url}${kubeconfigOut ? `, KUBECONFIG=${kubeconfigOut}` : ''}`);
  if (!announce && clients) console.log(`data plane: ${clients}, status: ${statusUrl}`);
  const stop = (): void => void cluster.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(`local-cluster: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
