import type { KubeLogger } from '@sluice/kube';
import { connectPlugin } from './connection.ts';
import type { ConnectionState, ConnectionTimings, PluginConnection } from './connection.ts';
import type { PluginEndpoint, PluginType } from './endpoint.ts';
import type { TokenSource } from '@sluice/service/identity';

export type PluginState = ConnectionState | 'absent';

/** A plugin has come, gone, or is in another state; `names` are all those under which it was or is found. */
export interface PluginChange {
  readonly type: PluginType;
  readonly names: readonly string[];
  /** The one namespace that it concerns; undefined: all. */
  readonly namespace: string | undefined;
  readonly state: PluginState;
}

export interface PluginEntry {
  readonly endpoint: PluginEndpoint;
  readonly names: readonly string[];
  readonly connection: PluginConnection;
}

export interface PluginRegistry {
  /** Adds it, or moves it to another address: calls go to the old one until the new one is ready or the old one is away. */
  set(endpoint: PluginEndpoint): void;
  /** No new calls from here on; those that run may end. */
  remove(key: string): void;
  /** The plugin that a name means in a namespace: the namespace's own, then the configuration's, then the system's; its own name before an alias. */
  find(type: PluginType, name: string, namespace: string): PluginEntry | undefined;
  list(): readonly PluginEntry[];
  onChange(listener: (change: PluginChange) => void): () => void;
  /** Resolves when all is closed. */
  stop(): Promise<void>;
}

export interface PluginRegistryOptions {
  readonly logger: KubeLogger;
  readonly tokens?: TokenSource | undefined;
  readonly timings?: ConnectionTimings | undefined;
  /** Calls that run on a plugin that was removed or replaced may take so long: 30 s. */
  readonly drainMs?: number | undefined;
}

interface Slot {
  endpoint: PluginEndpoint;
  connection: PluginConnection;
  /** Takes over when it is ready. */
  next: PluginConnection | undefined;
}

export function createPluginRegistry(options: PluginRegistryOptions): PluginRegistry {
  const { logger, timings, drainMs = 30_000 } = options;
  const slots = new Map<string, Slot>();
  const listeners = new Set<(change: PluginChange) => void>();
  const closing = new Set<Promise<void>>();

  function tell(slot: Slot, state: PluginState, names: readonly string[] = namesIn(slot)): void {
    const { type, namespace } = slot.endpoint;
    for (const listener of listeners) {
      try {
        listener({ type, names, namespace, state });
      } catch (error) {
        logger.error({ names, error }, 'a listener for plugin changes threw; the others are told');
      }
    }
  }

  function close(connection: PluginConnection): void {
    const closed = connection.drain(drainMs).finally(() => closing.delete(closed));
    closing.add(closed);
  }

  function connect(endpoint: PluginEndpoint): PluginConnection {
    const connection: PluginConnection = connectPlugin({
      tokens: options.tokens,
      endpoint,
      logger,
      ...(timings === undefined ? {} : { timings }),
      onChange: () => connectionChanged(endpoint.key, connection),
    });
    return connection;
  }

  function connectionChanged(key: string, connection: PluginConnection): void {
    const slot = slots.get(key);
    if (slot === undefined) return;
    if (slot.next !== undefined && (slot.next.state === 'ready' || slot.connection.state === 'connecting')) {
      const old = slot.connection;
      slot.connection = slot.next;
      slot.next = undefined;
      close(old);
      logger.info({ plugin: namesIn(slot)[0], address: slot.endpoint.address }, 'a plugin has moved');
      tell(slot, slot.connection.state);
    } else if (slot.connection === connection) {
      // Also when the state is as before: a trial of the circuit breaker may be due, or the plugin has told other names.
      tell(slot, connection.state);
    }
  }

  function removeSlot(key: string): void {
    const slot = slots.get(key);
    if (slot === undefined) return;
    slots.delete(key);
    close(slot.connection);
    if (slot.next !== undefined) close(slot.next);
    logger.info({ plugin: namesIn(slot)[0], address: slot.endpoint.address }, 'a plugin was removed');
    tell(slot, 'absent');
  }

  return {
    set(endpoint) {
      const slot = slots.get(endpoint.key);
      if (slot === undefined) {
        const added: Slot = { endpoint, connection: connect(endpoint), next: undefined };
        slots.set(endpoint.key, added);
        logger.info(
          { plugin: endpoint.names[0], address: endpoint.address, source: endpoint.source },
          'found a plugin',
        );
        tell(added, 'connecting');
        return;
      }
      if (JSON.stringify(slot.endpoint) === JSON.stringify(endpoint)) return;
      const before = slot.endpoint;
      const namesBefore = namesIn(slot);
      slot.endpoint = endpoint;
      if (before.address !== endpoint.address || before.type !== endpoint.type || !sameTls(before, endpoint)) {
        if (slot.next !== undefined) close(slot.next);
        slot.next = connect(endpoint);
        connectionChanged(endpoint.key, slot.next);
      }
      tell(slot, slot.connection.state, [...new Set([...namesBefore, ...namesIn(slot)])]);
    },
    remove: removeSlot,
    find(type, name, namespace) {
      const candidates = [...slots.values()].filter(
        ({ endpoint }) =>
          endpoint.type === type && (endpoint.namespace === undefined || endpoint.namespace === namespace),
      );
      const named = candidates.filter(({ endpoint }) => endpoint.names.includes(name));
      const meant = named.length > 0 ? named : candidates.filter((slot) => namesIn(slot).includes(name));
      const first = meant.toSorted(byPrecedence)[0];
      return first === undefined ? undefined : entryOf(first);
    },
    list: () => [...slots.values()].map(entryOf),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop() {
      for (const { connection, next } of slots.values()) {
        close(connection);
        if (next !== undefined) close(next);
      }
      slots.clear();
      await Promise.all(closing);
    },
  };
}

function namesIn({ endpoint, connection }: Slot): string[] {
  const { name, aliases } = connection.introduction ?? { name: '', aliases: [] };
  return [...new Set([...endpoint.names, name, ...aliases])].filter((text) => text !== '');
}

function entryOf(slot: Slot): PluginEntry {
  return { endpoint: slot.endpoint, names: namesIn(slot), connection: slot.connection };
}

function byPrecedence({ endpoint: a }: Slot, { endpoint: b }: Slot): number {
  const rank = ({ namespace, source }: PluginEndpoint): number =>
    namespace !== undefined ? 0 : source === 'configuration' ? 1 : 2;
  return rank(a) - rank(b) || (a.key < b.key ? -1 : 1);
}

function sameTls(a: PluginEndpoint, b: PluginEndpoint): boolean {
  return JSON.stringify(a.tls) === JSON.stringify(b.tls);
}
