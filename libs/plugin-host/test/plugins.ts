import { createServer } from 'node:net';
import { TrafficIntent } from '@sluice/contracts';
import { servePlugin } from '@sluice/plugin-sdk';
import type { Call, Observed, Plugin, RouterIntent, ServeOptions } from '@sluice/plugin-sdk';
import { createPluginHost } from '../src/index.ts';
import type { PluginHostOptions } from '../src/index.ts';

/** What the tests started, stopped in reverse by `stopAll`. */
const started: (() => Promise<void> | void)[] = [];

export async function stopAll(): Promise<void> {
  for (const stop of started.splice(0).reverse()) await stop();
}

export const rollout = { namespace: 'shop', name: 'cart', uid: 'uid-cart' };

export function intentOf(weight: number, uid = rollout.uid): TrafficIntent {
  return TrafficIntent.fromPartial({ rollout: { ...rollout, uid }, configJson: '{}', weight, maxWeight: 100 });
}

export type Apply = (intent: RouterIntent, call: Call) => Promise<Observed>;

/** A router that answers what it was asked for; `apply` can be replaced while it runs. */
export async function startRouter(options: ServeOptions & { plugin?: Partial<Plugin>; apply?: Apply } = {}) {
  const applied: number[] = [];
  const behaviour: { apply: Apply } = {
    apply: options.apply ?? (async (intent) => ({ inSync: true, canaryWeight: intent.weight })),
  };
  const plugin = await servePlugin(
    {
      name: 'memory',
      version: '1.0.0',
      router: {
        apply: (intent, call) => {
          applied.push(intent.weight);
          return behaviour.apply(intent, call);
        },
        observe: async (intent) => ({ inSync: true, canaryWeight: intent.weight }),
        release: async () => undefined,
      },
      ...options.plugin,
    },
    options,
  );
  started.push(() => plugin.stop(100));
  return { ...plugin, applied, behaviour, port: Number(plugin.address.split(':').at(-1)) };
}

export function startHost(options: PluginHostOptions) {
  const host = createPluginHost({
    ...options,
    timings: {
      reconnectMs: { first: 20, longest: 100 },
      breakerOpenMs: { first: 100, longest: 400 },
      retryMs: { first: 5, longest: 50 },
      drainMs: 5_000,
      ...options.timings,
    },
  });
  started.push(() => host.stop());
  return host;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A promise that the test settles. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
