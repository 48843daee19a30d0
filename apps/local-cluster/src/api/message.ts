// One request and one answer, free of the HTTP library: what verbs take and give.
import type { ResourceInfo } from '../registry/resource.ts';
import type { ResourceRef } from '../storage/store.ts';

export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly user: string;
  readonly body: string;
}

export interface ApiResponse {
  readonly code: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

/** What a path and a method mean. */
export interface Route {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';
  readonly ref: ResourceRef;
  readonly info: ResourceInfo;
  /** Undefined for cluster-wide resources and for lists over all namespaces. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

export const json = (code: number, value: unknown): ApiResponse => ({ code, body: JSON.stringify(value) });

export const isTrue = (value: string | null): boolean => value !== null && value !== 'false' && value !== '0';
