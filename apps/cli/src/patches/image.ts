import { CommandError } from '../errors.ts';
import type { Container, PodSpec, PodTemplateSpec } from '@sluice/model';

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * The pod template with another image in the named container, or in all of them for `*`.
 *
 * @throws CommandError when no container has that name
 */
export function withImage(template: PodTemplateSpec | undefined, container: string, image: string): PodTemplateSpec {
  const spec: PodSpec = { containers: [], ...template?.spec };
  let found = false;
  for (const list of CONTAINER_LISTS) {
    const containers = spec[list] as Container[] | null | undefined;
    if (!Array.isArray(containers)) continue;
    spec[list] = containers.map((candidate) => {
      if (container !== '*' && candidate.name !== container) return candidate;
      found = true;
      return { ...candidate, image };
    });
  }
  if (!found) throw new CommandError(`unable to find container named "${container}"`);
  return { ...template, spec };
}
