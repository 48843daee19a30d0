// Types of the part of world.mjs that is used outside it; the file stays as it was recorded with.
import type { Kube, StoredObject } from './kube.mjs';
export class World {
  constructor(kube: Kube, name: string, metricsUrl: string, options?: { quietMs?: number; timeoutMs?: number });
  ns: string;
  get(kind: string, name: string): Promise<StoredObject>;
  list(kind: string): Promise<StoredObject[]>;
  patch(kind: string, name: string, body: unknown): Promise<StoredObject>;
  patchStatus(kind: string, name: string, body: unknown): Promise<StoredObject>;
  setImage(name: string, image: string, container?: string): Promise<void>;
  abort(name: string): Promise<StoredObject>;
  retry(name: string): Promise<StoredObject>;
  promote(name: string, options?: { full?: boolean; skipCurrent?: boolean; skipAll?: boolean }): Promise<void>;
  until(what: string, test: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a stored status
  rollout(name: string, test: (status: any, rollout: StoredObject) => boolean, what?: string): Promise<void>;
}
