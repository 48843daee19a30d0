import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { flag, int32, int64, list, mapOf, opaque, text, textMap } from './schema.ts';

const { Object: object, Optional: optional, String: string } = Type;

const IstioVirtualServiceSchema = object({
  name: text('Name, or name.namespace, of the VirtualService.'),
  routes: optional(list(string(), 'Names of its HTTP routes. May be left out when it has only one.')),
  tlsRoutes: optional(
    list(
      object({
        port: optional(int64('Port that the route matches.')),
        sniHosts: optional(list(string(), 'Server names that the route matches.')),
      }),
      'Its TLS routes.',
    ),
  ),
  tcpRoutes: optional(list(object({ port: optional(int64('Port that the route matches.')) }), 'Its TCP routes.')),
});
export type IstioVirtualService = Static<typeof IstioVirtualServiceSchema>;

export const IstioTrafficRoutingSchema = object(
  {
    virtualService: optional(IstioVirtualServiceSchema),
    virtualServices: optional(list(IstioVirtualServiceSchema, 'Several VirtualServices, instead of virtualService.')),
    destinationRule: optional(
      object(
        {
          name: text('Name of the DestinationRule, in the namespace of the Rollout.'),
          canarySubsetName: text('Subset that selects the canary pods.'),
          stableSubsetName: text('Subset that selects the stable pods.'),
          additionalSubsetNames: optional(list(string(), 'Subsets whose weights are left as they are.')),
        },
        { description: 'Split by subset instead of by Service.' },
      ),
    ),
  },
  { description: 'Route with Istio.' },
);
export type IstioTrafficRouting = Static<typeof IstioTrafficRoutingSchema>;

export const NginxTrafficRoutingSchema = object(
  {
    stableIngress: optional(text('Ingress that routes to the stable Service.')),
    stableIngresses: optional(list(string(), 'Several such Ingresses, instead of stableIngress.')),
    annotationPrefix: optional(text('Prefix of the annotations; nginx.ingress.kubernetes.io when absent.')),
    additionalIngressAnnotations: optional(textMap('Annotations of the canary Ingress, prefixed.')),
    canaryIngressAnnotations: optional(textMap('Annotations of the canary Ingress, as they are.')),
  },
  { description: 'Route with ingress-nginx.' },
);
export type NginxTrafficRouting = Static<typeof NginxTrafficRoutingSchema>;

export const AlbTrafficRoutingSchema = object(
  {
    ingress: optional(text('Ingress of the AWS load balancer.')),
    ingresses: optional(list(string(), 'Several such Ingresses, instead of ingress.')),
    servicePort: int32('Port of the Services that the action names.'),
    rootService: optional(text('Service that the Ingress names; the stable Service when absent.')),
    annotationPrefix: optional(text('Prefix of the annotations; alb.ingress.kubernetes.io when absent.')),
    stickinessConfig: optional(
      object({
        enabled: flag('Whether a client stays with one target group.'),
        durationSeconds: int64('For how long, 1 to 604800.'),
      }),
    ),
  },
  { description: 'Route with the AWS load balancer controller.' },
);

const AppMeshReferenceSchema = object({ name: text('Name of the object.') });

export const ManagedRouteSchema = object({ name: text('Name of a route that steps create.') });

export const TrafficRoutingSchema = object(
  {
    istio: optional(IstioTrafficRoutingSchema),
    nginx: optional(NginxTrafficRoutingSchema),
    alb: optional(AlbTrafficRoutingSchema),
    smi: optional(
      object(
        {
          rootService: optional(text('Service that clients use; the stable Service when absent.')),
          trafficSplitName: optional(text('Name of the TrafficSplit; that of the Rollout when absent.')),
        },
        { description: 'Route with an SMI TrafficSplit.' },
      ),
    ),
    ambassador: optional(
      object(
        { mappings: optional(list(string(), 'Mappings that route to the stable Service.')) },
        { description: 'Route with Ambassador.' },
      ),
    ),
    appMesh: optional(
      object(
        {
          virtualService: optional(
            object({
              name: text('Name of the VirtualService.'),
              routes: optional(list(string(), 'Names of the routes of its VirtualRouter.')),
            }),
          ),
          virtualNodeGroup: optional(
            object({
              canaryVirtualNodeRef: optional(AppMeshReferenceSchema),
              stableVirtualNodeRef: optional(AppMeshReferenceSchema),
            }),
          ),
        },
        { description: 'Route with AWS App Mesh.' },
      ),
    ),
    traefik: optional(
      object(
        { weightedTraefikServiceName: text('Name of the weighted TraefikService.') },
        { description: 'Route with Traefik.' },
      ),
    ),
    apisix: optional(
      object(
        {
          route: optional(
            object({
              name: text('Name of the ApisixRoute.'),
              rules: optional(list(string(), 'Names of its http rules.')),
            }),
          ),
        },
        { description: 'Route with Apache APISIX.' },
      ),
    ),
    plugins: optional(
      mapOf(
        opaque('Configuration that the plugin understands.'),
        'Routers by plugin name, such as argoproj-labs/gatewayAPI.',
      ),
    ),
    managedRoutes: optional(list(ManagedRouteSchema, 'Routes that steps may create. Their order is their precedence.')),
    maxTrafficWeight: optional(int32('The weight that means all traffic; 100 when absent.')),
  },
  { description: 'How traffic is split between canary and stable. Several routers may be combined.' },
);
export type TrafficRouting = Static<typeof TrafficRoutingSchema>;
