import type { AnalysisTemplateSpec, Argument, TemplateReference } from '@sluice/model';
import { checkEnds, checkMetrics, checkRules } from './metrics.ts';
import { error, note, warning, type Complaint, type Path } from './finding.ts';
import type { Family, TemplateDocument } from './families.ts';
import { knownValues, placeholdersIn, textsIn } from './placeholders.ts';

// Templates as they stand, and with those that they are measured together with.

const args: Path = ['spec', 'args'];
const metricsPath: Path = ['spec', 'metrics'];

/** Arguments that the metrics of a template use. */
const usedArguments = ({ metrics }: AnalysisTemplateSpec): ReadonlySet<string> =>
  new Set(
    textsIn(metrics ?? [], []).flatMap(({ text }) =>
      placeholdersIn(text).found.flatMap(({ argument }) => argument ?? []),
    ),
  );

const checkPlaceholders = (spec: AnalysisTemplateSpec, declared: ReadonlySet<string>): Complaint[] =>
  textsIn(spec.metrics ?? [], metricsPath).flatMap(({ path, text, isKey }) => {
    const { found, open } = placeholdersIn(text);
    const at = (offset: number): Partial<Complaint> => (isKey ? { atKey: true } : { offset });
    return [
      ...found.flatMap(({ tag, argument, start }) => {
        if (argument === undefined)
          return [error(path, `unknown placeholder {{${tag}}}: only {{args.NAME}} is filled in`, at(start))];
        return declared.has(argument)
          ? []
          : [
              error(
                path,
                `unknown argument {{args.${argument}}}: ${declared.size === 0 ? 'the template declares none' : `there is ${[...declared].join(', ')}`}`,
                at(start),
              ),
            ];
      }),
      ...(open === undefined ? [] : [error(path, 'this {{ has no }}', at(open))]),
    ];
  });

const checkArgument = ({ name, value, valueFrom }: Argument, path: Path, isTwice: boolean): Complaint[] => {
  if (!name) return [error(path, 'an argument needs a name')];
  return [
    ...(isTwice ? [error([...path, 'name'], `the argument ${name} is declared twice`)] : []),
    ...(valueFrom?.fieldRef
      ? [
          error([...path, 'valueFrom'], 'a fieldRef is never looked up in a template: only a Rollout can give one', {
            atKey: true,
          }),
        ]
      : []),
    ...(typeof value === 'string' && valueFrom?.secretKeyRef
      ? [warning([...path, 'value'], 'has no effect: the Secret beside it wins', { atKey: true })]
      : []),
  ];
};

const checkArguments = (declared: readonly Argument[]): Complaint[] =>
  declared.flatMap((argument, i) =>
    checkArgument(argument, [...args, i], declared.findIndex(({ name }) => name === argument.name) < i),
  );

const checkUnused = (spec: AnalysisTemplateSpec, used: ReadonlySet<string>): Complaint[] =>
  (spec.args ?? []).flatMap(({ name }, i) =>
    !name || used.has(name) ? [] : [warning([...args, i, 'name'], `the argument ${name} is not used by any metric`)],
  );

/** What is wrong with a template. `families`: all groups of templates that it is measured in. `isUsed`: an analysis names it. */
export const checkTemplate = (
  template: TemplateDocument,
  families: readonly Family[],
  isUsed: boolean,
): Complaint[] => {
  const spec = template.object.spec ?? {};
  const together = families.filter(({ templates }) => templates.includes(template));
  const relatives = together.flatMap(({ templates }) => templates).map(({ object }) => object.spec ?? {});
  const declared = new Set(relatives.flatMap((relative) => (relative.args ?? []).map(({ name }) => name)));
  const used = new Set(relatives.flatMap((relative) => [...usedArguments(relative)]));
  const isComplete = together.every(({ missing }) => missing.length === 0);
  const metrics = spec.metrics ?? [];
  const names = relatives.flatMap((relative) => (relative.metrics ?? []).map(({ name }) => name));
  return [
    ...(metrics.length === 0 && (spec.templates ?? []).length === 0
      ? [
          error(['spec'], 'no metrics specified: a template needs metrics, or templates that have them', {
            atKey: true,
          }),
        ]
      : []),
    ...checkArguments(spec.args ?? []),
    ...checkPlaceholders(spec, declared),
    ...(isComplete ? checkUnused(spec, used) : []),
    ...checkMetrics(metrics, metricsPath, knownValues(spec.args ?? [])),
    // Where the files show which analysis it is for, that analysis is judged instead.
    ...(isUsed ? [] : checkEnds(metrics, metricsPath)),
    ...(isComplete ? checkRules(spec, names, ['spec']) : []),
  ];
};

/** References of a template to others: to those that are not there, and back to itself. */
export const checkReferences = (
  template: TemplateDocument,
  reach: (reference: TemplateReference) => Family | undefined,
): Complaint[] =>
  (template.object.spec?.templates ?? []).flatMap((reference, i) => {
    const family = reach(reference);
    const { templateName = '' } = reference;
    const path = ['spec', 'templates', i, 'templateName'];
    if (family === undefined)
      return [note(path, `the template ${templateName} is not to be found among these files: not checked`)];
    return family.templates.includes(template)
      ? [warning(path, `${templateName} leads back to this template: each is measured once`)]
      : [];
  });
