import type { RawObject } from '@sluice/kube';
import { isNamedByExperiment } from './sides.ts';

/**
 * Which extra destinations a rollout has put into the route, as JSON: `{"<rollout>": ["<service>"]}`. Only Services that users have named are noted: those with an
 * experiment's own name are known by it, and a destination of an ended experiment has to be known to be taken out.
 */
export const extraDestinationsAnnotation = 'sluice.dev/extra-destinations';

type Notes = Readonly<Record<string, readonly string[]>>;

export function notedExtras(route: RawObject, rollout: string): readonly string[] {
  const noted = notesOf(route)[rollout];
  return Array.isArray(noted) ? noted.filter((name) => typeof name === 'string') : [];
}

/** The same object when the same ones are noted. What other rollouts have noted stays. */
export function withNotedExtras(route: RawObject, rollout: string, services: readonly string[]): RawObject {
  const wanted = services.filter((service) => !isNamedByExperiment(service, rollout));
  if (JSON.stringify(wanted) === JSON.stringify(notedExtras(route, rollout))) return route;
  const { [rollout]: _, ...others } = notesOf(route);
  const notes = wanted.length === 0 ? others : { ...others, [rollout]: wanted };
  const { [extraDestinationsAnnotation]: __, ...annotations } = route.metadata.annotations ?? {};
  if (Object.keys(notes).length > 0)
    return withAnnotations(route, {
      ...route.metadata.annotations,
      [extraDestinationsAnnotation]: JSON.stringify(notes),
    });
  return withAnnotations(route, Object.keys(annotations).length === 0 ? undefined : annotations);
}

function withAnnotations(route: RawObject, annotations: Readonly<Record<string, string>> | undefined): RawObject {
  const { annotations: _, ...bare } = route.metadata;
  return { ...route, metadata: annotations === undefined ? bare : { ...route.metadata, annotations } };
}

/** A note that cannot be read is as good as none. */
function notesOf(route: RawObject): Notes {
  try {
    const notes: unknown = JSON.parse(route.metadata.annotations?.[extraDestinationsAnnotation] ?? '{}');
    return typeof notes === 'object' && notes !== null && !Array.isArray(notes) ? (notes as Notes) : {};
  } catch {
    return {};
  }
}
