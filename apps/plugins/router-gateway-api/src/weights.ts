import { has, isCanaryOnly, sideOf } from './sides.ts';
import type { Sides } from './sides.ts';
import { refsOf } from './rules.ts';
import type { BackendRef, Rule } from './rules.ts';

export interface Split {
  readonly sides: Sides;
  readonly canaryWeight: number;
  /** The weight that means all traffic. */
  readonly maxWeight: number;
  /** Port of each extra destination's Service. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Whether the rule is one whose weights the rollout sets. */
export function isWeighted(rule: Rule, sides: Sides): boolean {
  return !isCanaryOnly(rule, sides) && (has(rule, 'canary', sides) || has(rule, 'stable', sides));
}

/**
 * Rules with the weights of the rollout; those that need no other are the same objects. Canary and stable get theirs in every rule that goes to either,
 * experiments theirs in the first of these, and all other references stay as they are. `isManaged` rules were made by steps and are left out.
 */
export function weighted(rules: readonly Rule[], split: Split, isManaged: (rule: Rule) => boolean): readonly Rule[] {
  const candidates = rules.filter((rule) => !isManaged(rule) && isWeighted(rule, split.sides));
  const first = candidates.find((rule) => has(rule, 'stable', split.sides));
  return rules.map((rule) => (candidates.includes(rule) ? weightedRule(rule, split, rule === first) : rule));
}

function weightedRule(rule: Rule, split: Split, withExtras: boolean): Rule {
  const { sides, canaryWeight, maxWeight } = split;
  const extras = withExtras ? sides.extras : [];
  const extraSum = extras.reduce((sum, { weight }) => sum + weight, 0);
  const stableWeight = Math.max(0, maxWeight - canaryWeight - extraSum);
  // Alone in its rule it carries all of the rule's traffic: with weight 0 the gateway would answer 500.
  const loneStable = !has(rule, 'canary', sides) ? Math.max(1, stableWeight) : stableWeight;
  const before = refsOf(rule);
  const kept = before.flatMap((ref) => {
    switch (sideOf(ref, sides)) {
      case 'canary':
        return [withWeight(ref, canaryWeight)];
      case 'stable':
        return [withWeight(ref, loneStable)];
      case 'extra': {
        const wanted = extras.find(({ service }) => service === ref.name);
        return wanted === undefined ? [] : [withWeight(ref, wanted.weight)];
      }
      case 'ended':
        return [];
      case 'foreign':
        return [ref];
    }
  });
  const present = new Set(before.map(({ name }) => name));
  const missing = extras
    .filter(({ service }) => !present.has(service))
    .map(({ service, weight }) => ({
      group: '',
      kind: 'Service',
      name: service,
      namespace: sides.rollout.namespace,
      port: split.ports[service] ?? 8080,
      weight,
    }));
  const refs = [...kept, ...missing];
  const same = refs.length === before.length && refs.every((ref, index) => ref === before[index]);
  return same ? rule : { ...rule, backendRefs: refs };
}

function withWeight(ref: BackendRef, weight: number): BackendRef {
  return (ref.weight ?? 1) === weight ? ref : { ...ref, weight };
}

/** The highest share of the canary among the rules that the rollout weights, out of `maxWeight`: what a rule has may be out of another weight. */
export function canaryWeightIn(
  rules: readonly Rule[],
  { sides, maxWeight }: Pick<Split, 'sides' | 'maxWeight'>,
  isManaged: (rule: Rule) => boolean,
): number {
  const candidates = rules.filter((rule) => !isManaged(rule) && isWeighted(rule, sides));
  return Math.max(0, ...candidates.map((rule) => canaryShareOf(rule, sides, maxWeight)));
}

function canaryShareOf(rule: Rule, sides: Sides, maxWeight: number): number {
  const refs = refsOf(rule).filter((ref) => sideOf(ref, sides) !== 'foreign');
  const canary = sumOf(refs.filter((ref) => sideOf(ref, sides) === 'canary'));
  // Beside nobody's but foreign references, nothing tells what it is out of.
  return canary === 0 || !has(rule, 'stable', sides) ? canary : Math.ceil((canary * maxWeight) / sumOf(refs));
}

const sumOf = (refs: readonly BackendRef[]): number => refs.reduce((sum, { weight = 1 }) => sum + weight, 0);
