import { effectiveCount, mergeArguments, mergeTemplates } from '@sluice/engine';
import { formatFieldError, validateReferences, validateRollout, type Argument, type KubeObject } from '@sluice/model';
import { lookupsIn, withSpec } from '../lint.ts';
import type { NamedAnalysis } from './analyses.ts';
import type { LintDocument } from './document.ts';
import { familyOf, type Family, type FindTemplate } from './families.ts';
import { error, note, pathOf, warning, type Complaint, type Path } from './finding.ts';
import { hasPlaceholder, knownValues, withKnownValues } from './placeholders.ts';
import { checkRules, type Rules } from './metrics.ts';

// Rollouts, and the analyses that Rollouts and Experiments name.

/** Some messages of the validation leave the strategy out of the path of a step. */
const fieldPath = (text: string): Path => pathOf(text.replace(/^spec\.strategy\.steps/, 'spec.strategy.canary.steps'));

/** What the controller's own validation says about a Rollout, with the Services and Ingresses beside it. */
export const checkRollout = (document: LintDocument, objects: readonly KubeObject[]): Complaint[] => {
  const rollout = withSpec(document.object);
  const found = validateRollout(rollout) ?? validateReferences(rollout, lookupsIn(objects, rollout));
  return found === undefined
    ? []
    : [error(fieldPath(found.path), formatFieldError(found).slice(found.path.length + 2))];
};

const checkGiven = ({ args, path, kind }: NamedAnalysis, declared: readonly Argument[] | undefined): Complaint[] =>
  args.flatMap((arg, i) => {
    const { name, value, valueFrom } = arg;
    const at = [...path, 'args', i];
    return [
      ...(value && valueFrom ? [error(at, `the argument ${name} has both value and valueFrom`)] : []),
      ...(value === undefined && !valueFrom && kind !== 'experiment'
        ? [
            warning(
              [...at, 'name'],
              `the argument ${name} has no value: it becomes empty text, even if the template has a default`,
            ),
          ]
        : []),
      ...(declared !== undefined && !declared.some((own) => own.name === name)
        ? [warning([...at, 'name'], `no template of this analysis declares the argument ${name}: it is dropped`)]
        : []),
    ];
  });

/** As the controller takes them: an argument without a value is empty text, whatever is looked up is some text. */
const asArguments = ({ args }: NamedAnalysis): Argument[] =>
  args.map(({ name, value }) => ({ name, value: value ?? '' }));

const checkComplete = (analysis: NamedAnalysis, { templates }: Family, place: Path): Complaint[] => {
  const merged = mergeTemplates(templates.map(({ object }) => ({ ...object, spec: object.spec ?? {} })));
  if (!merged.ok) return [error(place, merged.error.message)];
  const { args, metrics } = merged.value;
  const resolved = mergeArguments(args, asArguments(analysis));
  const known = knownValues(resolved.ok ? resolved.value : []);
  const endless = metrics
    .map((metric) => withKnownValues(metric, known))
    .find((metric) => !hasPlaceholder(metric.count) && effectiveCount(metric) === Infinity);
  const missing = args.filter(
    ({ name, value, valueFrom }) =>
      typeof value !== 'string' && !valueFrom && !analysis.args.some((given) => given.name === name),
  );
  return [
    ...missing.map(({ name }) => error(place, `the argument ${name} has no value: give one in args`)),
    ...(endless !== undefined && analysis.kind === 'step'
      ? [error(place, `the metric ${endless.name} runs indefinitely, and the step would never end: give it a count`)]
      : []),
  ];
};

/** What is wrong with one analysis of a Rollout or Experiment, as far as its templates are among the files. */
export const checkAnalysis = (document: LintDocument, analysis: NamedAnalysis, find: FindTemplate): Complaint[] => {
  const { references, path } = analysis;
  const unknown = references.filter(({ reference }) => find(reference, document) === undefined);
  const family = familyOf(
    references.map(({ reference }) => reference),
    document,
    find,
  );
  const isComplete = family.missing.length === 0;
  const [first] = references;
  const place = first === undefined ? path : [...first.path, 'templateName'];
  const declared = family.templates.flatMap(({ object }) => object.spec?.args ?? []);
  const names = family.templates.flatMap(({ object }) => (object.spec?.metrics ?? []).map(({ name }) => name));
  const rules = path.reduce<unknown>(
    (value, part) => (value as Record<string, unknown>)[part],
    document.object,
  ) as Rules;
  return [
    ...(references.length === 0 ? [error(path, 'the analysis names no template', { atKey: true })] : []),
    ...unknown.map(({ path: at, reference }) =>
      note(
        [...at, 'templateName'],
        `the template ${reference.templateName ?? ''} is not to be found among these files: not checked`,
      ),
    ),
    ...checkGiven(analysis, isComplete ? declared : undefined),
    ...(isComplete && references.length > 0 ? checkComplete(analysis, family, place) : []),
    ...(isComplete && analysis.kind !== 'experiment' ? checkRules(rules, names, path) : []),
  ];
};
