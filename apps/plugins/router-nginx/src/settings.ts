import type { JsonObject } from '@sluice/plugin-sdk';
import { invalid, settingsOf } from '@sluice/routed-objects';

/** The user's `trafficRouting.nginx`. */
export interface NginxSettings {
  readonly stableIngresses: readonly NamedIngress[];
  readonly annotationPrefix: string;
  /** Annotations of the canary Ingress; names without the prefix get it. */
  readonly additionalAnnotations: Readonly<Record<string, string>>;
  /** Annotations of the canary Ingress, as they are. */
  readonly canaryAnnotations: Readonly<Record<string, string>>;
}

export interface NamedIngress {
  readonly name: string;
  /** Where it stands in the manifest: `stableIngress` or `stableIngresses[1]`. */
  readonly path: string;
}

const defaultPrefix = 'nginx.ingress.kubernetes.io';

/** Throws PluginError `Invalid` with the path of what is wrong. */
export function readNginxSettings(raw: JsonObject): NginxSettings {
  const settings = settingsOf(raw);
  const one = settings.text('stableIngress') ?? '';
  const several = settings.texts('stableIngresses');
  if ((one === '') === (several.length === 0))
    throw invalid('stableIngress', 'exactly one of stableIngress and stableIngresses must be set');
  const twice = several.find((name, index) => several.indexOf(name) !== index);
  if (twice !== undefined) throw invalid('stableIngresses', `stableIngresses names "${twice}" twice`);
  const empty = several.indexOf('');
  if (empty >= 0) throw invalid(`stableIngresses[${empty}]`, `stableIngresses[${empty}] is empty`);
  return {
    stableIngresses:
      one === ''
        ? several.map((name, index) => ({ name, path: `stableIngresses[${index}]` }))
        : [{ name: one, path: 'stableIngress' }],
    annotationPrefix: settings.text('annotationPrefix') || defaultPrefix,
    additionalAnnotations: settings.textMap('additionalIngressAnnotations'),
    canaryAnnotations: settings.textMap('canaryIngressAnnotations'),
  };
}
