// The servers of all pods. One is started when the first request comes for it, and goes with its pod.
import type { ClusterObjects, WritableObjects } from '../objects/cluster-objects.ts';
import type { Pod } from '../objects/shapes.ts';
import { isRunning } from './identity.ts';
import type { PodServer } from './pod-server.ts';
import { startPodServer } from './pod-server.ts';

export interface PodServers {
  /** Where the pod listens; undefined if nothing listens there, as it does not run. */
  portOf(namespace: string, name: string): Promise<number | undefined>;
  /** Ends them all at once. */
  stop(): void;
}

interface Running {
  readonly uid: string | undefined;
  readonly server: Promise<PodServer>;
  pod: Pod;
}

export function createPodServers(
  objects: ClusterObjects & Pick<WritableObjects, 'onChange'>,
  host: string,
): PodServers {
  const running = new Map<string, Running>();
  const keyOf = ({ metadata: { namespace = '', name } }: Pod): string => `${namespace}/${name}`;

  function end(key: string, how: 'stop' | 'kill'): void {
    const found = running.get(key);
    running.delete(key);
    // One that could not be started has told whoever asked for it.
    found?.server.then(
      (server) => server[how](),
      () => undefined,
    );
  }

  const unsubscribe = objects.onChange((kind, now, before) => {
    if (kind !== 'pods') return;
    const key = keyOf((now ?? before) as Pod);
    const found = running.get(key);
    if (!found) return;
    const pod = now as Pod | undefined;
    if (!pod || pod.metadata.uid !== found.uid) end(key, 'stop');
    else if (isRunning(pod)) found.pod = pod;
    else end(key, 'kill');
  });

  function start(pod: Pod): Running {
    const entry: Running = { uid: pod.metadata.uid, pod, server: startPodServer(host, () => entry.pod) };
    running.set(keyOf(pod), entry);
    entry.server.catch(() => running.delete(keyOf(pod)));
    return entry;
  }

  return {
    async portOf(namespace, name) {
      const pod = objects.get('pods', namespace, name);
      if (!pod || !isRunning(pod)) return undefined;
      return (await (running.get(keyOf(pod)) ?? start(pod)).server).port;
    },
    stop() {
      unsubscribe();
      for (const key of [...running.keys()]) end(key, 'kill');
    },
  };
}
