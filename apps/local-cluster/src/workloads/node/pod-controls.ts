// For tests: makes one pod do something. Each control sets the annotation that does the same from kubectl.
import type { Context } from '../base/context.ts';
import { pods as resource } from '../base/resources.ts';
import { behaviour } from './behaviour.ts';

export interface PodControls {
  /** A pod that is made unready stays so until it is made ready. */
  setReady(namespace: string, name: string, ready: boolean): void;
  /** The pod's phase becomes Failed; its controller replaces it. */
  fail(namespace: string, name: string): void;
  /** Its containers exit with 1 now and after each restart, until `recover`. */
  crash(namespace: string, name: string): void;
  recover(namespace: string, name: string): void;
}

export function createPodControls({ store }: Context): PodControls {
  const annotate = (namespace: string, name: string, annotation: string, value: string | undefined): void => {
    const written = store.modify(resource, namespace, name, (pod) => {
      const { [annotation]: _, ...others } = pod.metadata.annotations ?? {};
      pod.metadata.annotations = value === undefined ? others : { ...others, [annotation]: value };
    });
    if (!written) throw new Error(`There is no pod ${namespace}/${name} to control.`);
  };
  return {
    setReady: (namespace, name, ready) => annotate(namespace, name, behaviour.readyAfter, ready ? undefined : 'never'),
    fail: (namespace, name) => annotate(namespace, name, behaviour.failAfter, '0s'),
    crash: (namespace, name) => annotate(namespace, name, behaviour.crashAfter, '0s'),
    recover: (namespace, name) => annotate(namespace, name, behaviour.crashAfter, undefined),
  };
}
