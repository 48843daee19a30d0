import { sameJson } from '@sluice/kube';
import type { HeaderMatch, HeaderRoute } from '@sluice/plugin-sdk';
import { has, isCanaryOnly, sideOf } from './sides.ts';
import type { Sides } from './sides.ts';
import { refsOf } from './rules.ts';
import type { BackendRef, HeaderValueMatch, Rule, RuleMatch } from './rules.ts';

/**
 * Whether a step of this rollout has made the rule: it has the name of a managed route, alone or with a number, and goes to this rollout's canary and
 * nowhere else. A rule of the same name that goes elsewhere is somebody else's.
 */
export function isHeaderRule(rule: Rule, names: readonly string[], sides: Sides): boolean {
  const { name = '' } = rule;
  if (
    !names.some(
      (managed) => name === managed || (name.startsWith(`${managed}-`) && /^\d+$/.test(name.slice(managed.length + 1))),
    )
  )
    return false;
  return isCanaryOnly(rule, sides);
}

/**
 * Rules with exactly the header rules that are asked for: for each route one rule for every rule that goes to both versions, with its matches and filters.
 * Those that are there keep their place, new ones come last, and the ones that are no longer asked for go.
 */
export function withHeaderRules(
  rules: readonly Rule[],
  routes: readonly HeaderRoute[],
  names: readonly string[],
  sides: Sides,
): readonly Rule[] {
  const isOurs = (rule: Rule): boolean => isHeaderRule(rule, names, sides);
  const foreignNames = new Set(rules.filter((rule) => !isOurs(rule)).map(({ name }) => name));
  const sources = rules.filter((rule) => !isOurs(rule) && has(rule, 'canary', sides) && has(rule, 'stable', sides));
  const wanted = routes.flatMap((route) => headerRules(route, sources, sides, foreignNames));
  const placed = rules.flatMap((rule) => {
    if (!isOurs(rule)) return [rule];
    const target = wanted.find(({ name }) => name === rule.name);
    if (target === undefined) return [];
    return [sameRule(rule, target) ? rule : target];
  });
  const unique = placed.filter(
    (rule, index) =>
      !isOurs(rule) || placed.findIndex(({ name }) => name === rule.name && name !== undefined) === index,
  );
  const present = new Set(rules.filter(isOurs).map(({ name }) => name));
  return [...unique, ...wanted.filter(({ name }) => !present.has(name))];
}

function headerRules(
  route: HeaderRoute,
  sources: readonly Rule[],
  sides: Sides,
  taken: ReadonlySet<string | undefined>,
): readonly Rule[] {
  let number = 0;
  return sources.flatMap((source) => {
    const matches = headerMatches(source, route.match.map(headerValueMatch));
    const canary = refsOf(source).find((ref) => sideOf(ref, sides) === 'canary');
    if (matches.length === 0 || canary === undefined) return [];
    // Names are unique in a route, and others may have taken one.
    while (taken.has(ruleName(route.name, number))) number++;
    const { filters } = source;
    const made = {
      name: ruleName(route.name, number++),
      matches,
      ...(filters === undefined ? {} : { filters }),
      backendRefs: [canaryRef(canary)],
    };
    return [made];
  });
}

function ruleName(route: string, number: number): string {
  return number === 0 ? route : `${route}-${number}`;
}

/** What the source matches, and the headers too. A match that wants another value of one of them can never hold and is left out. */
function headerMatches(source: Rule, headers: readonly HeaderValueMatch[]): readonly RuleMatch[] {
  const matches = source.matches === undefined || source.matches.length === 0 ? [{}] : source.matches;
  return matches.flatMap((match: RuleMatch) => {
    const own = match.headers ?? [];
    const clash = headers.find((header) => own.some((other) => sameName(other, header) && !sameValue(other, header)));
    if (clash !== undefined) return [];
    const more = headers.filter((header) => !own.some((other) => sameName(other, header)));
    return [{ ...match, headers: [...own, ...more] }];
  });
}

function sameName(a: HeaderValueMatch, b: HeaderValueMatch): boolean {
  return a.name?.toLowerCase() === b.name?.toLowerCase();
}

function sameValue(a: HeaderValueMatch, b: HeaderValueMatch): boolean {
  return (a.type ?? 'Exact') === (b.type ?? 'Exact') && a.value === b.value;
}

function headerValueMatch({ headerName, headerValue }: HeaderMatch): HeaderValueMatch {
  const match = headerValue?.match;
  switch (match?.$case) {
    case 'prefix':
      return {
        name: headerName,
        type: 'RegularExpression',
        value: `${match.value.replace(/[.\\^$*+?()[\]{}|]/g, '\\$&')}.*`,
      };
    case 'regex':
      return { name: headerName, type: 'RegularExpression', value: match.value };
    default:
      return { name: headerName, type: 'Exact', value: match?.value ?? '' };
  }
}

/** Weight 1 is what the API server puts there: written out, the rule is the same before and after. */
function canaryRef({ group = '', kind = 'Service', name, namespace, port }: BackendRef): BackendRef {
  return {
    group,
    kind,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(port === undefined ? {} : { port }),
    weight: 1,
  };
}

/** Fields that only the server has added do not make a rule another one. */
function sameRule(live: Rule, wanted: Rule): boolean {
  const { name, matches, filters, backendRefs } = live;
  const weighted = (backendRefs ?? []).map(canaryRef);
  return sameJson(
    { name, matches: withDefaults(matches), filters, backendRefs: weighted },
    { ...wanted, matches: withDefaults(wanted.matches) },
  );
}

/** A match by nothing but headers gets the path `/` from the API server (of HTTPRoutes). */
function withDefaults(matches: readonly RuleMatch[] = []): readonly object[] {
  return matches.map((match) => ({ path: { type: 'PathPrefix', value: '/' }, ...match }));
}
