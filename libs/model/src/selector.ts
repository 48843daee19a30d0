import type { LabelSelector, LabelSelectorRequirement } from './api/core.ts';

type Labels = Readonly<Record<string, string>>;

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

const requirementMatches = (requirement: LabelSelectorRequirement, labels: Labels): boolean => {
  const value = valueOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false; // Such a selector is refused by validation; until then it must not claim anything.
  }
};

/** Whether labels satisfy a selector. An absent selector matches nothing, an empty one everything. */
export const selectorMatches = (selector: LabelSelector | null | undefined, labels: Labels | undefined): boolean => {
  if (selector === undefined || selector === null) return false;
  const present = labels ?? {};
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => valueOf(present, key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => requirementMatches(requirement, present))
  );
};

export const selectorIsEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const formatRequirement = (requirement: LabelSelectorRequirement): string => {
  const values = [...(requirement.values ?? [])].sort(compareText).join(',');
  switch (requirement.operator) {
    case 'In':
      return `${requirement.key} in (${values})`;
    case 'NotIn':
      return `${requirement.key} notin (${values})`;
    case 'DoesNotExist':
      return `!${requirement.key}`;
    default:
      return requirement.key;
  }
};

/** Text of a selector as queries and `status.selector` hold it: "app=shop,tier in (a,b)", sorted by key. */
export const formatSelector = (selector: LabelSelector): string =>
  [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...(selector.matchExpressions ?? []).map((requirement) => ({
      key: requirement.key,
      text: formatRequirement(requirement),
    })),
  ]
    .sort((a, b) => compareText(a.key, b.key))
    .map((requirement) => requirement.text)
    .join(',');

const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const isLabelKey = (key: string): boolean => {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2 || name.length > 63 || !labelName.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && dnsSubdomain.test(prefix));
};

const isLabelValue = (value: string): boolean => value === '' || (value.length <= 63 && labelName.test(value));

/** Why a selector is not one, in a few words, or undefined. Source: the rules of the Kubernetes API for label selectors. */
export const selectorProblem = (selector: LabelSelector): string | undefined => {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (!isLabelKey(key)) return `matchLabels: ${JSON.stringify(key)} is not a valid label key`;
    if (!isLabelValue(value)) return `matchLabels: ${JSON.stringify(value)} is not a valid label value`;
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const count = values?.length ?? 0;
    if (!isLabelKey(key)) return `matchExpressions: ${JSON.stringify(key)} is not a valid label key`;
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0) return `matchExpressions: values must be specified when the operator is ${operator}`;
      const bad = values?.find((value) => !isLabelValue(value));
      if (bad !== undefined) return `matchExpressions: ${JSON.stringify(bad)} is not a valid label value`;
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (count > 0) return `matchExpressions: values must not be specified when the operator is ${operator}`;
    } else return `matchExpressions: ${JSON.stringify(operator)} is not a valid label selector operator`;
  }
  return undefined;
};
