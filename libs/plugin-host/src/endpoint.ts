import { configuredAudience } from '@sluice/service/identity';
import type { ClientTls } from '@sluice/service/tls';

export const pluginTypes = ['router', 'metric', 'step'] as const;
export type PluginType = (typeof pluginTypes)[number];

/** A plugin in the configuration of the service. */
export interface ConfiguredPlugin {
  readonly type: PluginType;
  /** One or several, separated by commas, as people write them in manifests. */
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  readonly tls?: ClientTls;
}

/** Where a plugin is, and who may use it. */
export interface PluginEndpoint {
  /** Identifies the entry over its changes: `service:sluice-system/router-nginx`, `configuration:router/nginx`. */
  readonly key: string;
  readonly type: PluginType;
  /** The first is shown to people; at least one. */
  readonly names: readonly string[];
  readonly address: string;
  /** The one namespace that may use it; undefined: all. */
  readonly namespace: string | undefined;
  readonly source: 'service' | 'configuration';
  readonly tls: ClientTls | undefined;
  /** What tokens for this plugin, and no other, are bound to. */
  readonly audience: string;
  /** Known, and not to be asked for anything: steps that need it are done without it. */
  readonly disabled?: boolean;
}

export function namesOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  ];
}

export function endpointOf(plugin: ConfiguredPlugin, defaultTls: ClientTls | undefined): PluginEndpoint {
  const names = namesOf(plugin.name);
  if (names.length === 0) throw new TypeError(`the configured ${plugin.type} at ${plugin.address} has no name`);
  return {
    key: `configuration:${plugin.type}/${names[0]}`,
    type: plugin.type,
    names,
    address: plugin.address,
    namespace: undefined,
    source: 'configuration',
    tls: plugin.tls ?? defaultTls,
    audience: configuredAudience(plugin.type, names[0] as string),
  };
}

/**
 * Reads a plugin from a flag: `router:nginx=127.0.0.1:8091`, with several names `router:gatewayapi,argoproj-labs/gatewayAPI=host:port`.
 * Throws TypeError saying what is wrong with it.
 */
export function configuredPlugin(text: string): ConfiguredPlugin {
  const match = /^(?<type>[a-z]+):(?<name>[^=]+)=(?<address>.+:\d+)$/.exec(text);
  const { type = '', name = '', address = '' } = match?.groups ?? {};
  const known = pluginTypes.find((candidate) => candidate === type);
  if (known === undefined || namesOf(name).length === 0)
    throw new TypeError(
      `"${text}" is no plugin: write TYPE:NAME=HOST:PORT, with TYPE one of ${pluginTypes.join(', ')}`,
    );
  return { type: known, name, address };
}
