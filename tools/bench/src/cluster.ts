// A cluster with the CRDs of Sluice, and the services on it as a user of their own, whose writes are counted.
import fs from 'node:fs';
import path from 'node:path';
import { createClient } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { startControlPlane, tallyWrites, watchWrites } from '@sluice/tools-control-plane';
import type { Write, WriteCounts } from '@sluice/tools-control-plane';
import {
  Failure,
  findOrStartRedis,
  installCustomResources,
  startLocalCluster,
  startServicesOn,
} from '@sluice/tools-start';
import type { Announcement, Plugin, Service, Session } from '@sluice/tools-start';

export const clusterKinds = ['local', 'kubernetes'] as const;
export type ClusterKind = (typeof clusterKinds)[number];

export interface BenchCluster {
  readonly kind: ClusterKind;
  /** Of the administrator. */
  readonly client: KubeClient;
  readonly services: readonly Announcement[];
  /** Starts one more; ends with the session. */
  startMore(service: Service): Promise<Announcement>;
  /** Starts to count what the services write; the answer says how much it was until then. */
  countWrites(): Promise<() => Promise<WriteCounts>>;
}

interface Started {
  readonly kubeconfig: string;
  readonly sutKubeconfig: string;
  countWrites(): Promise<() => Promise<WriteCounts>>;
}

/** Throws a Failure that lists the choices. */
export function chosenCluster(name: string): ClusterKind {
  const kind = clusterKinds.find((each) => each === name);
  if (!kind) throw new Failure(`--cluster is ${clusterKinds.join(' or ')}, not "${name}"`);
  return kind;
}

/** Starts the cluster and the services (all of them, or only those that are given); both end with the session. */
export async function startBenchCluster(
  session: Session,
  kind: ClusterKind,
  only?: { readonly services: readonly Service[]; readonly plugins: readonly Plugin[] },
): Promise<BenchCluster> {
  const started = kind === 'local' ? await local(session) : await real(session);
  const client = await createClient({ kubeconfig: started.kubeconfig, userAgent: 'sluice-bench' });
  session.atEnd(() => client.close());
  await installCustomResources(client);
  const redisUrl = await findOrStartRedis(session, process.env['REDIS_URL']);
  const surroundings = { kubeconfig: started.kubeconfig, kubeconfigOf: () => started.sutKubeconfig };
  const services = await startServicesOn(session, surroundings, redisUrl, only?.services, only?.plugins);
  return {
    kind,
    client,
    services,
    async startMore(service) {
      const [announcement] = await startServicesOn(session, surroundings, redisUrl, [service], []);
      return announcement as Announcement;
    },
    countWrites: started.countWrites,
  };
}

async function real(session: Session): Promise<Started> {
  const plane = await startControlPlane(path.join(session.temp, 'control-plane'), undefined, (line) =>
    console.log(line),
  );
  session.atEnd(() => plane.stop());
  return {
    kubeconfig: plane.kubeconfig,
    sutKubeconfig: plane.sutKubeconfig,
    countWrites: async () => {
      const count = watchWrites(plane.auditLog);
      return async () => count();
    },
  };
}

async function local(session: Session): Promise<Started> {
  const { kubeconfig, server } = await startLocalCluster(session);
  // The local cluster takes the name of the token for that of the user.
  const sutKubeconfig = path.join(session.temp, 'sut.kubeconfig');
  fs.writeFileSync(sutKubeconfig, fs.readFileSync(kubeconfig, 'utf8').replaceAll('admin-token', 'sut-token'));
  return { kubeconfig, sutKubeconfig, countWrites: () => countLocally(server) };
}

interface LocalCount {
  readonly user: string;
  readonly verb: string;
  /** `rollouts.argoproj.io/status` */
  readonly resource: string;
  readonly count: number;
}

async function countLocally(server: string): Promise<() => Promise<WriteCounts>> {
  await fetch(`${server}/__writes?counts`, { method: 'DELETE' });
  return async () => {
    const { counts } = (await (await fetch(`${server}/__writes?counts`)).json()) as { counts: readonly LocalCount[] };
    return tallyWrites(counts.filter(({ user }) => user === 'sut').flatMap(writesOf));
  };
}

/** Accepted and refused writes are one number there; refusals are rare, and count here as writes. */
function writesOf({ verb, resource, count }: LocalCount): Write[] {
  const [name = '', subresource = ''] = resource.split('/');
  const [plural = '', ...group] = name.split('.');
  return Array.from({ length: count }, () => ({
    verb,
    group: group.join('.'),
    resource: plural,
    subresource,
    code: 200,
    what: name,
  }));
}
