import { servePlugin } from '@sluice/plugin-sdk';
import type { MetricProvider, Router, Step } from '@sluice/plugin-sdk';
import type { SuiteOptions } from '../src/index.ts';
import { createBackEnd, createMemoryMetric, createMetricWorld } from '../src/reference/memory-metric.ts';
import type { BackEnd, MemoryMetricConfig } from '../src/reference/memory-metric.ts';
import { createMemoryRouter } from '../src/reference/memory-router.ts';
import type { MemoryRouterConfig } from '../src/reference/memory-router.ts';
import { createMemoryStep, createStepWorld, createWorks } from '../src/reference/memory-step.ts';
import { createMemoryWorld } from '../src/reference/memory-world.ts';
import { createRouteStore } from '../src/reference/route-store.ts';
import type { RouteStore, Routes } from '../src/reference/route-store.ts';

export const capabilities = ['header-routes', 'mirror-routes', 'extra-destinations'];

export type MemoryRouter = Router<MemoryRouterConfig>;

/** How a wrong router differs from the right one. */
export interface Bend {
  /** What the router sees of the store. */
  readonly routes?: (store: RouteStore) => Routes;
  readonly tries?: number;
  readonly router?: (router: MemoryRouter, store: RouteStore) => MemoryRouter;
}

type Started = SuiteOptions & { readonly stop: () => Promise<void> };

export async function startMemoryRouter({ routes = (store) => store, tries, router = (right) => right }: Bend = {}) {
  const store = createRouteStore();
  const right = createMemoryRouter(routes(store), tries);
  const plugin = await servePlugin({
    name: 'memory',
    version: '1.0.0',
    capabilities,
    router: router(right, store),
  });
  const stop = () => plugin.stop(200);
  return {
    target: { address: plugin.address, type: 'router', stop },
    routerWorld: createMemoryWorld(store),
    stop,
  } satisfies Started;
}

/** The step plugin, whose work goes on while it is restarted. */
export async function startMemoryStep(bend: (step: Step) => Step = (right) => right) {
  const works = createWorks();
  const serve = (port: number) =>
    servePlugin({ name: 'memory-step', version: '1.0.0', step: bend(createMemoryStep(works)) }, { port });
  let plugin = await serve(0);
  const { address } = plugin;
  const stop = () => plugin.stop(200);
  const restart = async (): Promise<void> => {
    await plugin.stop(0);
    plugin = await serve(Number(address.split(':').at(-1)));
  };
  return {
    target: { address, type: 'step', stop, restart },
    stepWorld: createStepWorld(works),
    stop,
  } satisfies Started;
}

export type MemoryMetric = MetricProvider<MemoryMetricConfig>;
export type BendMetric = (right: MemoryMetric, backEnd: BackEnd, log: (line: string) => void) => MemoryMetric;

/** The metric provider, whose back end outlives it. */
export async function startMemoryMetric(bend: BendMetric = (right) => right) {
  const backEnd = createBackEnd();
  const lines: string[] = [];
  const log = (fields: object, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`);
  const logger = { debug: log, info: log, warn: log, error: log };
  const serve = (port: number) => {
    const metric = bend(createMemoryMetric(backEnd), backEnd, (line) => lines.push(line));
    const introduction = { name: 'memory', version: '1.0.0', capabilities: ['pending', 'verdict', 'side-effects'] };
    return servePlugin({ ...introduction, metric }, { port, logger });
  };
  let plugin = await serve(0);
  const { address } = plugin;
  const stop = () => plugin.stop(200);
  const restart = async (): Promise<void> => {
    await plugin.stop(0);
    plugin = await serve(Number(address.split(':').at(-1)));
  };
  return {
    target: { address, type: 'metric', stop, restart },
    metricWorld: createMetricWorld(backEnd, () => lines.join('\n')),
    stop,
  } satisfies Started;
}
