import { controllerOf, isKubeError, keyOf, parseKey, resources } from '@sluice/kube';
import type { KubeClient, KubeLogger, KubeObject, RawObject } from '@sluice/kube';
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
  /**
   * Decides about one Service. Throws KubeError: try again. Answers after how many ms to look again, where a Rollout that no cache here holds keeps it from one of ours: its
   * deletion is not seen.
   */
  check(key: string, signal: AbortSignal): Promise<number | undefined>;
}

/** Selects the pods of one version only. */
export function selectsOneVersion(service: Service): boolean {
  return service.spec?.selector?.[podTemplateHashLabel] !== undefined;
}

const otherManagerRecheckMs = 30_000;

/**
 * Releases a Service that the Rollout which manages it needs no longer: without the hash label its selector selects pods of all versions again. It is touched only on
 * evidence. Annotated: the Rollout that is named is gone, or exists (of whatever instance) and does not name the Service; or it is being deleted, and another Rollout names
 * the Service. Another Rollout that names it keeps nothing: it cannot begin before the Service is released. Not annotated: a Rollout of ours named it until now, none does
 * now, and it has no other controller (an Experiment's Service selects by hash as well). A failed read changes nothing. Source: spec-rollout §8, with its HAZARDs avoided.
 */
export function createServiceRelease(options: ServiceReleaseOptions): ServiceRelease {
  const { caches, client, logger } = options;
  const droppedKeys = new Set<string>();

  async function needOf(service: Service, signal: AbortSignal): Promise<'needed' | 'needed by another' | 'not needed'> {
    const key = keyOf(service.metadata);
    const users = caches.rollouts.byIndex('service', key);
    const { namespace = '', name } = service.metadata;
    const manager = service.metadata.annotations?.[managedByAnnotation];
    if (manager === undefined) {
      const isLeft = users.length === 0 && droppedKeys.has(key) && controllerOf(service) === undefined;
      return isLeft ? 'not needed' : 'needed';
    }
    const others = users.filter(({ metadata }) => metadata.name !== manager);
    const isBeingDeleted = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
    const known = users.find(({ metadata }) => metadata.name === manager);
    if (known !== undefined && (others.length === 0 || !isBeingDeleted(known))) return 'needed';
    const raw = await client.find<RawObject>(resources.rollouts, { namespace, name: manager }, { signal });
    if (raw === undefined || !serviceNamesOf(projectRollout(raw)).includes(name)) return 'not needed';
    if (others.length === 0) return 'needed';
    return isBeingDeleted(raw) ? 'not needed' : 'needed by another';
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
      'the Rollout that managed this Service no longer needs it: its selector is as before',
    );
  }

  return {
    dropped: (key) => void droppedKeys.add(key),
    async check(key, signal) {
      const { namespace = '', name } = parseKey(key);
      const service = caches.services.get(namespace, name);
      if (service === undefined || !selectsOneVersion(service) || service.metadata.deletionTimestamp !== undefined) {
        droppedKeys.delete(key);
        return undefined;
      }
      if (!options.mayWrite(key)) return undefined;
      const need = await needOf(service, signal);
      if (need !== 'not needed') {
        droppedKeys.delete(key);
        return need === 'needed by another' ? otherManagerRecheckMs : undefined;
      }
      if (!options.mayWrite(key)) return undefined;
      try {
        await release(service, signal);
        droppedKeys.delete(key);
      } catch (error) {
        // Conflict: its change comes over the watch and asks again.
        if (!isKubeError(error, 'Conflict', 'NotFound')) throw error;
      }
      return undefined;
    },
  };
}
