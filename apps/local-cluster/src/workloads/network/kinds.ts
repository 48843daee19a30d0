// The shapes of Services and EndpointSlices as far as the endpoints controllers read and write them.
import type { KubeObject } from '../../storage/store.ts';
import type { Labels } from '../base/selector.ts';

export interface ServicePort {
  name?: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
  appProtocol?: string;
}

export interface Service extends KubeObject {
  spec: { type?: string; selector?: Labels; ports?: ServicePort[]; publishNotReadyAddresses?: boolean };
}

export interface EndpointPort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

export interface Endpoint {
  addresses: string[];
  conditions: { ready: boolean; serving: boolean; terminating: boolean };
  nodeName?: string;
  targetRef: { kind: 'Pod'; namespace: string; name: string; uid: string };
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4';
  endpoints: Endpoint[];
  ports: EndpointPort[] | null;
}
