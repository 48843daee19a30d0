import { extraOf, sidesIn } from './sides.ts';
import type { Side, Sides } from './sides.ts';
import type { RouteDestination } from './virtual-service.ts';

/** Istio's weights are percentages. */
export const wholeTraffic = 100;

/**
 * Destinations of one route with the weights of the rollout; the same list when nothing differs. Canary and extra destinations get what was asked for,
 * destinations that the user has listed to be left alone keep theirs, stable gets the rest. A destination that is none of these and has traffic would make
 * the sum wrong and is taken out (that is also how the destinations of an ended experiment go); one without traffic stays. Extra destinations that the
 * route lacks are put last, by name.
 */
export function weighted(
  destinations: readonly RouteDestination[],
  canaryWeight: number,
  sides: Sides,
): readonly RouteDestination[] {
  const found = sidesIn(destinations, sides);
  const taken = destinations.filter((_, index) => found[index] === 'left-alone');
  const extraSum = sides.extras.reduce((sum, { weight }) => sum + weight, 0);
  const stableWeight = Math.max(0, wholeTraffic - canaryWeight - extraSum - sumOf(taken));
  const weightOf = (destination: RouteDestination, side: Side | undefined): number | undefined => {
    switch (side) {
      case 'canary':
        return canaryWeight;
      case 'stable':
        return stableWeight;
      case 'extra':
        return extraOf(destination, sides)?.weight;
      default:
        return undefined;
    }
  };
  const kept = destinations.flatMap((destination, index) => {
    const side = found[index];
    if (side === 'unknown' && (destination.weight ?? 0) !== 0) return [];
    return [withWeight(destination, weightOf(destination, side))];
  });
  const present = new Set(destinations.map((destination) => extraOf(destination, sides)?.service));
  const missing = sides.extras
    .filter(({ service }) => !present.has(service))
    .sort((a, b) => (a.service < b.service ? -1 : 1))
    .map(({ service, weight }) => ({ destination: { host: service }, weight }));
  const unchanged =
    missing.length === 0 && kept.length === destinations.length && kept.every((d, i) => d === destinations[i]);
  return unchanged ? destinations : [...kept, ...missing];
}

/** An absent weight is 0 and stays absent. */
function withWeight(destination: RouteDestination, weight: number | undefined): RouteDestination {
  return weight === undefined || weight === (destination.weight ?? 0) ? destination : { ...destination, weight };
}

/** Traffic that one side of a route has now. */
export function weightOfSide(destinations: readonly RouteDestination[], side: Side, sides: Sides): number {
  const found = sidesIn(destinations, sides);
  return sumOf(destinations.filter((_, index) => found[index] === side));
}

function sumOf(destinations: readonly RouteDestination[]): number {
  return destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);
}
