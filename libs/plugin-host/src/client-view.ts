import type { MethodDefinition } from '@grpc/grpc-js';
import type { PluginType } from './endpoint.ts';
import type { CallOptions, PluginCalls } from './plugin-calls.ts';
import type { PluginEntry, PluginState } from './plugin-registry.ts';

/** What every client of a plugin has. It stands for a name: the plugin behind it may be moved, replaced, even removed and added again. */
export interface PluginClient {
  readonly name: string;
  /** Ask only while it is `ready`; calls in other states are tried, and fail soon. */
  readonly state: PluginState;
  /** What is in the way while it is not ready, as a sentence for people. */
  readonly problem: string | undefined;
  /** Switched off by whoever installed it: it is not to be called. */
  readonly isDisabled: boolean;
  /** From its introduction; empty until it has introduced itself. */
  readonly capabilities: readonly string[];
  /** Of the plugin itself. */
  readonly version: string | undefined;
}

export type Find = () => PluginEntry | undefined;
export type Caller = <Q, A>(
  method: string,
  definition: MethodDefinition<Q, A>,
  request: Q,
  options: CallOptions,
) => Promise<A>;

export function callerOf(calls: PluginCalls, type: PluginType, name: string, find: Find): Caller {
  return (method, definition, request, options) =>
    calls.call(find, { type, name, method, definition }, request, options);
}

/** Getters, so that a client that is kept tells what is true now. */
export function viewOf(name: string, find: Find): PluginClient {
  return {
    name,
    get state() {
      return find()?.connection.state ?? 'absent';
    },
    get problem() {
      const entry = find();
      return entry === undefined ? `there is no plugin ${name}` : entry.connection.problem;
    },
    get isDisabled() {
      return find()?.endpoint.disabled === true;
    },
    get capabilities() {
      return find()?.connection.introduction?.capabilities ?? [];
    },
    get version() {
      return find()?.connection.introduction?.version;
    },
  };
}

export function withView<T extends object>(view: PluginClient, methods: T): PluginClient & T {
  return Object.defineProperties(methods, Object.getOwnPropertyDescriptors(view)) as PluginClient & T;
}
