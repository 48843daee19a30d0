import { controllerOf, isKubeError, keyOf, parseKey, resources } from '@sluice/kube';
import type { KubeClient, KubeLogger, RawObject } from '@sluice/kube';
import { managedByAnnotation, podTemplateHashLabel, serviceNamesOf } from '@sluice/model';
import type { Service } from '@sluice/model';
import type { Caches } from './assemble/caches.ts';
import { projectRollout } from './assemble/projections.ts';

export interface ServiceReleaseOptions {
  readonly caches: Caches;
  readonly client: Pick<KubeClient, 'find' | 'patch'>;
  readonly logger: KubeLogger;
  readonly mayWrite: (key: string) => boolean;
}

export interface ServiceRelease {
  /** A Rollout of ours named this Service until now. */
  dropped(key: string): void;
  /** Decides about one Service. Throws KubeError: try again. */
  check(key: string, signal: AbortSignal): Promise<void>;
}

/** Selects the pods of one version only. */
export function selectsOneVersion(service: Service): boolean {
  return service.spec?.selector?.[podTemplateHashLabel] !== undefined;
}

/**
 * Gives a Service back when no Rollout needs it any more: without the hash label its selector selects pods of all versions again. It is
 * touched only on evidence. Annotated: the Rollout that is named is gone, or exists (of whatever instance) and does not name the Service.
 * Not annotated: a Rollout of ours named it until now, none does any more, and it has no other controller (an Experiment's Service selects
 * by hash as well). An answer that is not an answer changes nothing. Source: spec-rollout §8, with its HAZARDs mended.
 */
export function createServiceRelease(options: ServiceReleaseOptions): ServiceRelease {
  const { caches, client, logger } = options;
  const droppedKeys = new Set<string>();

  async function isNeeded(service: Service, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(service.metadata);
    const users = caches.rollouts.byIndex('service', key);
    if (users.length > 0) return true;
    const { namespace = '', name } = service.metadata;
    const manager = service.metadata.annotations?.[managedByAnnotation];
    if (manager === undefined) return !droppedKeys.has(key) || controllerOf(service) !== undefined;
    const raw = await client.find<RawObject>(resources.rollouts, { namespace, name: manager }, { signal });
    return raw !== undefined && serviceNamesOf(projectRollout(raw)).includes(name);
  }

  async function release(service: Service, signal: AbortSignal): Promise<void> {
    const { namespace = '', name, resourceVersion } = service.metadata;
    const body = {
      ...(service.metadata.annotations?.[managedByAnnotation] === undefined
        ? {}
        : { metadata: { annotations: { [managedByAnnotation]: null } } }),
      spec: { selector: { [podTemplateHashLabel]: null } },
    };
    const precondition = resourceVersion === undefined ? {} : { resourceVersion };
    await client.patch(resources.services, { namespace, name }, 'merge', body, { ...precondition, signal });
    logger.info(
      { object: `${namespace}/${name}` },
      'no Rollout needs this Service any more: its selector is as before',
    );
  }

  return {
    dropped: (key) => void droppedKeys.add(key),
    async check(key, signal) {
      const { namespace = '', name } = parseKey(key);
      const service = caches.services.get(namespace, name);
      if (service === undefined || !selectsOneVersion(service) || service.metadata.deletionTimestamp !== undefined) {
        droppedKeys.delete(key);
        return;
      }
      if (!options.mayWrite(key)) return;
      if (await isNeeded(service, signal)) {
        droppedKeys.delete(key);
        return;
      }
      if (!options.mayWrite(key)) return;
      try {
        await release(service, signal);
        droppedKeys.delete(key);
      } catch (error) {
        // Conflict: its change comes over the watch and asks again.
        if (!isKubeError(error, 'Conflict', 'NotFound')) throw error;
      }
    },
  };
}
