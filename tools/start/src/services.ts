import path from 'node:path';
import { root } from '../first-stage/workspace.mjs';
import { readAnnouncement } from './announcement.ts';
import type { Announcement } from './announcement.ts';
import type { Session } from './session.ts';

/** What every service is told when it is started. */
export interface Surroundings {
  /** Path of the kubeconfig of the cluster to serve. */
  readonly kubeconfig: string;
  readonly redisUrl: string;
}

export interface Service {
  readonly name: string;
  /** What Node runs: a path inside the repository, or an absolute one. */
  readonly script: string;
  readonly args: (surroundings: Surroundings) => readonly string[];
}

/** The services and plugins that make up a running Sluice. Each prints an announcement when it is ready. */
export const services: readonly Service[] = [
  {
    name: 'rollout-controller',
    script: 'apps/rollout-controller/src/main.ts',
    args: ({ kubeconfig, redisUrl }) => ['--kubeconfig', kubeconfig, '--redis-url', redisUrl, '--metrics-port', '0'],
  },
];

/** Starts them all at once and answers when all are ready, in the order of the list. */
export function startServices(
  session: Session,
  surroundings: Surroundings,
  list: readonly Service[] = services,
): Promise<Announcement[]> {
  return Promise.all(
    list.map(async (service) => {
      const child = await session.children.start({
        name: service.name,
        command: process.execPath,
        args: [path.resolve(root, service.script), ...service.args(surroundings), '--announce'],
        ready: readAnnouncement,
      });
      return child.ready;
    }),
  );
}
