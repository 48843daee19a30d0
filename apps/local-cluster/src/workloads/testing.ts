// For the tests beside the workloads: a store, a clock that stands still until it is moved, and everything running.
import { virtualClock } from '../clock.ts';
import type { KubeObject, ResourceRef } from '../storage/store.ts';
import { createStore } from '../storage/store.ts';
import type { Pod, PodSpec, PodTemplate } from './base/pod.ts';
import { isReady } from './base/pod.ts';
import { pods } from './base/resources.ts';
import type { WorkloadOptions } from './start.ts';
import { startWorkloads } from './start.ts';

export const ns = 'default';

export function testWorld(options: WorkloadOptions = {}) {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const store = createStore({ clock });
  const errors: unknown[] = [];
  const start = () =>
    startWorkloads({ store, clock, options: { runCommands: false, onError: (e) => errors.push(e), ...options } });
  const world = {
    clock,
    store,
    /** What went wrong without being expected. */
    errors,
    workloads: start(),
    restart: (): void => {
      world.workloads.stop();
      world.workloads = start();
    },
    create: (r: ResourceRef, name: string, content: object, metadata: object = {}): KubeObject =>
      store.create(r, { metadata: { name, namespace: ns, ...metadata }, ...content } as KubeObject),
    get: (r: ResourceRef, name: string): KubeObject | undefined => store.get(r, ns, name),
    edit: (r: ResourceRef, name: string, change: (draft: KubeObject) => void) => store.modify(r, ns, name, change),
    pods: (labels: Readonly<Record<string, string>> = {}): Pod[] =>
      store
        .list(pods, ns)
        .filter((p) => Object.entries(labels).every(([k, v]) => p.metadata.labels?.[k] === v)) as Pod[],
    readyPods: () => world.pods().filter(isReady),
    /** Moves time on. */
    pass: (seconds: number): void => clock.advance(seconds * 1000),
    /** Counts writes to one resource from now on. */
    writes: (r: ResourceRef): (() => number) => {
      let count = 0;
      store.subscribe(r, () => count++);
      return () => count;
    },
    conditions: (r: ResourceRef, name: string): Record<string, string> =>
      Object.fromEntries(
        ((store.get(r, ns, name)?.status?.conditions ?? []) as { type: string; status: string; reason: string }[]).map(
          (c) => [c.type, `${c.status} ${c.reason}`],
        ),
      ),
  };
  return world;
}

export type World = ReturnType<typeof testWorld>;

export const template = (
  app: string,
  spec: Partial<PodSpec> = {},
  annotations?: Record<string, string>,
): PodTemplate => ({
  metadata: { labels: { app }, ...(annotations ? { annotations } : {}) },
  spec: { containers: [{ name: 'main', image: `${app}:1` }], ...spec },
});

export const selecting = (app: string) => ({ selector: { matchLabels: { app } } });
