import { EventEmitter, on } from 'node:events';
import type { KubeClient, KubeObject, ListOptions, WatchEvent, WatchOptions } from '@sluice/kube';

export interface ServiceSpec {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly type?: string;
  readonly names?: string;
  readonly portName?: string;
}

/** The Services of a cluster, as far as an informer asks for them. */
export function createServices() {
  const objects = new Map<string, KubeObject>();
  const changes = new EventEmitter();
  const asked: { namespace: string | undefined; labelSelector: string | undefined }[] = [];
  let version = 0;

  function emit(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    changes.emit('change', { type, object });
  }

  function matches(object: KubeObject, namespace: string | undefined): boolean {
    return namespace === undefined || object.metadata.namespace === namespace;
  }

  const client = {
    async *pages(_ref: unknown, options: ListOptions = {}) {
      asked.push({ namespace: options.namespace, labelSelector: options.labelSelector });
      yield {
        items: [...objects.values()].filter((object) => matches(object, options.namespace)),
        resourceVersion: String(version),
      };
    },
    async *watch(_ref: unknown, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
      try {
        for await (const [event] of on(changes, 'change', { signal: options.signal }))
          if (matches((event as WatchEvent).object, options.namespace)) yield event as WatchEvent;
      } catch (error) {
        if (options.signal?.aborted !== true) throw error;
      }
    },
  } as unknown as Pick<KubeClient, 'pages' | 'watch'>;

  return {
    client,
    asked,
    set(spec: ServiceSpec): void {
      version += 1;
      const key = `${spec.namespace}/${spec.name}`;
      const object: KubeObject & { spec: object } = {
        metadata: {
          name: spec.name,
          namespace: spec.namespace,
          uid: key,
          resourceVersion: String(version),
          labels: { 'sluice.dev/plugin': spec.type ?? 'router' },
          annotations: spec.names === undefined ? {} : { 'sluice.dev/plugin-name': spec.names },
        },
        spec: {
          type: 'ExternalName',
          externalName: 'localhost',
          ports: [{ name: spec.portName ?? 'grpc', port: spec.port }],
        },
      };
      const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
      objects.set(key, object);
      emit(type, object);
    },
    remove(namespace: string, name: string): void {
      const object = objects.get(`${namespace}/${name}`);
      if (object === undefined) throw new Error(`there is no Service ${namespace}/${name}`);
      objects.delete(`${namespace}/${name}`);
      emit('DELETED', object);
    },
  };
}
