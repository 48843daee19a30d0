import { KubeError } from '@sluice/kube';
import type { KubeClient, KubeErrorCode, KubeObject, RawObject } from '@sluice/kube';

export interface RecordedCall {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'remove';
  readonly plural: string;
  readonly name: string | undefined;
  readonly body?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
}

export type Failure = { readonly code: KubeErrorCode; readonly message?: string } & Partial<Pick<KubeError, 'details'>>;

/**
 * Answers from a list of objects and notes what it is asked. Nothing is stored: what a write would do on a server is tried on the local
 * cluster, here only what is sent.
 */
export function recordedClient(
  objects: readonly KubeObject[] = [],
  fail: (call: RecordedCall) => Failure | undefined = () => undefined,
) {
  const calls: RecordedCall[] = [];
  let version = 100;

  function answer(call: RecordedCall): void {
    calls.push(call);
    const failure = fail(call);
    if (failure === undefined) return;
    const text = failure.message ?? failure.code;
    throw new KubeError({ ...failure, message: text, serverMessage: text });
  }
  const found = (kind: string, name: string | undefined): KubeObject | undefined =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);

  const client: Pick<KubeClient, 'get' | 'find' | 'list' | 'create' | 'patch' | 'remove'> = {
    async get(ref, key) {
      answer({ verb: 'get', plural: ref.plural, name: key.name });
      const object = found(ref.kind, key.name);
      const text = `${ref.plural} "${key.name ?? ''}" not found`;
      if (object === undefined) throw new KubeError({ code: 'NotFound', message: text, serverMessage: text });
      return object as never;
    },
    async find(ref, key) {
      answer({ verb: 'get', plural: ref.plural, name: key.name });
      return found(ref.kind, key.name) as never;
    },
    async list(ref, options) {
      answer({ verb: 'list', plural: ref.plural, name: undefined, options: { ...options } });
      return { items: objects.filter((object) => object.kind === ref.kind) as never[], resourceVersion: '1' };
    },
    async create(ref, object, options) {
      const body = object as unknown as RawObject;
      answer({ verb: 'create', plural: ref.plural, name: body.metadata.name, body, options: { ...options } });
      return { ...body, metadata: { ...body.metadata, uid: 'new', resourceVersion: String(version++) } } as never;
    },
    async patch(ref, key, _type, body, options) {
      answer({ verb: 'patch', plural: ref.plural, name: key.name, body, options: { ...options } });
      const object = found(ref.kind, key.name);
      return {
        ...object,
        kind: ref.kind,
        metadata: { ...key, ...object?.metadata, resourceVersion: String(version++) },
      } as never;
    },
    async remove(ref, key, options) {
      answer({ verb: 'remove', plural: ref.plural, name: key.name, options: { ...options } });
    },
  };
  return { client, calls };
}
