import { createInformer, keyOf, resources } from '@sluice/kube';
import type { Informer, KubeClient, KubeLogger, KubeObject, RawObject } from '@sluice/kube';
import { namesOf, pluginTypes } from './endpoint.ts';
import type { PluginEndpoint } from './endpoint.ts';
import { pluginAudience } from '@sluice/service/identity';
import type { ClientTls } from '@sluice/service/tls';

/** Value: router, metric or step. */
export const pluginLabel = 'sluice.dev/plugin';
/** One name or several, separated by commas; without it the Service's own name counts. */
export const pluginNameAnnotation = 'sluice.dev/plugin-name';
/** `true`: a step plugin that is switched off; its steps are done without a call. */
export const pluginDisabledAnnotation = 'sluice.dev/plugin-disabled';
/** The Service's port that speaks gRPC. */
export const pluginPortName = 'grpc';

export interface PluginService extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly externalName?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

export interface DiscoveryOptions {
  readonly client: Pick<KubeClient, 'pages' | 'watch'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Plugins here serve all namespaces; those elsewhere serve their own. */
  readonly systemNamespace: string;
  /** For all plugins that are found. */
  readonly tls: ClientTls | undefined;
  readonly logger: KubeLogger;
  readonly onFound: (endpoint: PluginEndpoint) => void;
  readonly onGone: (key: string) => void;
}

/** Watches Services with the plugin label. */
export function discoverPlugins(options: DiscoveryOptions): Informer<PluginService> {
  const { client, namespaces, systemNamespace, tls, logger, onFound, onGone } = options;
  const informer = createInformer<PluginService>({
    client,
    ref: resources.services,
    namespaces: namespaces.length === 0 ? undefined : [...namespaces, systemNamespace],
    labelSelector: pluginLabel,
    project: projected,
    logger,
  });
  informer.onChange((before, after) => {
    const service = after ?? before;
    if (service === undefined) return;
    const endpoint = after === undefined ? undefined : endpointOfService(after, systemNamespace, tls);
    if (endpoint === undefined || typeof endpoint === 'string') {
      if (typeof endpoint === 'string') logger.warn({ service: keyOf(service.metadata) }, endpoint);
      onGone(serviceKey(service));
    } else onFound(endpoint);
  });
  return informer;
}

const serviceKey = (service: PluginService): string => `service:${keyOf(service.metadata)}`;

/** Where the plugin behind a Service is; or what is wrong with the Service, as a sentence. */
export function endpointOfService(
  service: PluginService,
  systemNamespace: string,
  tls: ClientTls | undefined,
): PluginEndpoint | string {
  const { name = '', namespace = '', labels = {}, annotations = {} } = service.metadata;
  const label = labels[pluginLabel];
  const type = pluginTypes.find((candidate) => candidate === label);
  if (type === undefined)
    return `label ${pluginLabel} of Service ${namespace}/${name} is "${label}": it must be one of ${pluginTypes.join(', ')}`;
  const port = service.spec?.ports?.find((candidate) => candidate.name === pluginPortName)?.port;
  if (port === undefined)
    return `Service ${namespace}/${name} is labelled as a plugin but has no port named ${pluginPortName}: add one`;
  const names = namesOf(annotations[pluginNameAnnotation] ?? '');
  const { type: serviceType, externalName } = service.spec ?? {};
  const host = serviceType === 'ExternalName' && externalName !== undefined ? externalName : `${name}.${namespace}.svc`;
  return {
    key: serviceKey(service),
    type,
    names: names.length === 0 ? [name] : names,
    address: `${host}:${port}`,
    namespace: namespace === systemNamespace ? undefined : namespace,
    source: 'service',
    tls,
    audience: pluginAudience(namespace, name),
    ...(annotations[pluginDisabledAnnotation] === 'true' && { disabled: true }),
  };
}

function projected(raw: RawObject): PluginService {
  const { name, namespace, uid, resourceVersion, labels, annotations } = raw.metadata;
  const spec = (raw as { spec?: PluginService['spec'] }).spec ?? {};
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: { [pluginLabel]: labels?.[pluginLabel] ?? '' },
      annotations: {
        [pluginNameAnnotation]: annotations?.[pluginNameAnnotation] ?? '',
        [pluginDisabledAnnotation]: annotations?.[pluginDisabledAnnotation] ?? '',
      },
    },
    spec: {
      ...(spec.type === undefined ? {} : { type: spec.type }),
      ...(spec.externalName === undefined ? {} : { externalName: spec.externalName }),
      ports: (spec.ports ?? []).map(({ name: portName = '', port }) => ({ name: portName, port })),
    },
  };
}
