// Types of kube.mjs, which stays as it was recorded with.
export interface Kube {
  get<T = StoredObject>(path: string): Promise<T>;
  create(path: string, body: unknown): Promise<StoredObject>;
  replace(path: string, body: unknown): Promise<StoredObject>;
  remove(path: string): Promise<unknown>;
  merge(path: string, body: unknown): Promise<StoredObject>;
  json(path: string, body: readonly unknown[]): Promise<StoredObject>;
}
export interface StoredObject {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
    readonly [field: string]: unknown;
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- raw JSON: the shape belongs to the server
  readonly [field: string]: any;
}
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}
/** Failed calls throw an Error with the HTTP status as `status`. */
export function connect(kubeconfig: string): Kube;
export function apiVersionOf(kind: string): string;
export function pathOf(kind: string, namespace: string, name?: string, subresource?: string): string;
export function sleep(ms: number): Promise<void>;
