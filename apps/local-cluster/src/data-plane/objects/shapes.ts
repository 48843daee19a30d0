// The objects that decide where a request goes, as far as they are read. They come from people and other programs: everything may be missing.

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
}

export interface RoutedObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Meta;
}

export interface Service extends RoutedObject {
  readonly spec?: {
    readonly type?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

export interface EndpointSlice extends RoutedObject {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        /** An absent `ready` counts as true. */
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
      }[]
    | null;
}

export interface Pod extends RoutedObject {
  readonly spec?: {
    readonly containers?: readonly {
      readonly name?: string;
      readonly image?: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

export interface ReplicaSet extends RoutedObject {
  readonly spec?: { readonly replicas?: number };
}

interface IngressBackend {
  readonly service?: { readonly name: string; readonly port?: { readonly name?: string; readonly number?: number } };
}

export interface Ingress extends RoutedObject {
  readonly spec?: {
    readonly defaultBackend?: IngressBackend;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: {
        readonly paths?: readonly {
          readonly path?: string;
          readonly pathType?: string;
          readonly backend: IngressBackend;
        }[];
      };
    }[];
  };
}

/** Istio's StringMatch. None of the three: the thing only has to be there. */
export interface IstioText {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface IstioDestination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

export interface IstioMatch {
  readonly uri?: IstioText;
  readonly ignoreUriCase?: boolean;
  readonly scheme?: IstioText;
  readonly method?: IstioText;
  readonly authority?: IstioText;
  readonly headers?: Readonly<Record<string, IstioText>>;
  readonly withoutHeaders?: Readonly<Record<string, IstioText>>;
  readonly queryParams?: Readonly<Record<string, IstioText>>;
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

export interface IstioHttpRoute {
  readonly name?: string;
  readonly match?: readonly IstioMatch[];
  readonly route?: readonly { readonly destination: IstioDestination; readonly weight?: number }[];
  readonly redirect?: { readonly uri?: string; readonly authority?: string; readonly redirectCode?: number };
  readonly directResponse?: { readonly status: number };
  readonly mirror?: IstioDestination;
  readonly mirrorPercentage?: { readonly value?: number };
  readonly mirrors?: readonly {
    readonly destination: IstioDestination;
    readonly percentage?: { readonly value?: number };
  }[];
}

export interface VirtualService extends RoutedObject {
  readonly spec?: { readonly hosts?: readonly string[]; readonly http?: readonly IstioHttpRoute[] };
}

export interface DestinationRule extends RoutedObject {
  readonly spec?: {
    readonly host?: string;
    readonly subsets?: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
  };
}

export interface GatewayBackendRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly weight?: number;
}

export interface GatewayNamedMatch {
  readonly type?: string;
  readonly name: string;
  readonly value: string;
}

export interface GatewayMatch {
  readonly path?: { readonly type?: string; readonly value?: string };
  readonly headers?: readonly GatewayNamedMatch[];
  readonly queryParams?: readonly GatewayNamedMatch[];
  readonly method?: string;
}

export interface GatewayFilter {
  readonly type: string;
  readonly requestMirror?: {
    readonly backendRef: GatewayBackendRef;
    readonly percent?: number;
    readonly fraction?: { readonly numerator: number; readonly denominator?: number };
  };
  readonly requestRedirect?: { readonly hostname?: string; readonly statusCode?: number };
}

export interface GatewayRule {
  readonly name?: string;
  readonly matches?: readonly GatewayMatch[];
  readonly filters?: readonly GatewayFilter[];
  readonly backendRefs?: readonly GatewayBackendRef[];
}

export interface HttpRoute extends RoutedObject {
  readonly spec?: {
    readonly parentRefs?: readonly { readonly kind?: string; readonly name: string; readonly namespace?: string }[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly GatewayRule[];
  };
}

interface CanaryStep {
  readonly setWeight?: number;
}

export interface Rollout extends RoutedObject {
  readonly spec?: {
    readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
    readonly strategy?: {
      readonly canary?: {
        readonly stableService?: string;
        readonly canaryService?: string;
        readonly pingPong?: { readonly pingService?: string; readonly pongService?: string };
        readonly steps?: readonly CanaryStep[];
      };
      readonly blueGreen?: { readonly activeService?: string; readonly previewService?: string };
    };
  };
  readonly status?: {
    readonly currentPodHash?: string;
    readonly stableRS?: string;
    readonly currentStepIndex?: number;
    readonly abort?: boolean;
    readonly canary?: {
      readonly weights?: {
        readonly canary?: { readonly weight?: number };
        readonly stable?: { readonly weight?: number };
        readonly additional?: readonly { readonly podTemplateHash?: string; readonly weight?: number }[];
      };
    };
    readonly blueGreen?: { readonly activeSelector?: string };
  };
}

/** Every kind that is followed. */
export interface Kinds {
  readonly services: Service;
  readonly endpointslices: EndpointSlice;
  readonly pods: Pod;
  readonly replicasets: ReplicaSet;
  readonly ingresses: Ingress;
  readonly virtualservices: VirtualService;
  readonly destinationrules: DestinationRule;
  readonly httproutes: HttpRoute;
  readonly rollouts: Rollout;
}

export type KindName = keyof Kinds;

export const podTemplateHashLabel = 'rollouts-pod-template-hash';

/** Where each kind is found in the API. */
export const kindRefs: Readonly<
  Record<
    KindName,
    { readonly group: string; readonly version: string; readonly kind: string; readonly custom?: boolean }
  >
> = {
  services: { group: '', version: 'v1', kind: 'Service' },
  endpointslices: { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' },
  pods: { group: '', version: 'v1', kind: 'Pod' },
  replicasets: { group: 'apps', version: 'v1', kind: 'ReplicaSet' },
  ingresses: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
  virtualservices: { group: 'networking.istio.io', version: 'v1beta1', kind: 'VirtualService', custom: true },
  destinationrules: { group: 'networking.istio.io', version: 'v1beta1', kind: 'DestinationRule', custom: true },
  httproutes: { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'HTTPRoute', custom: true },
  rollouts: { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout', custom: true },
};

export const kindNames = Object.keys(kindRefs) as KindName[];
