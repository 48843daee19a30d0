import { dirname } from 'node:path';
import { lifetimeError } from '@sluice/engine';
import { kinds, type AnalysisRun, type KindName, type KubeObject } from '@sluice/model';
import { schemaErrors } from '../manifest.ts';
import { analysesIn } from './analyses.ts';
import { readDocuments, type LintDocument } from './document.ts';
import { familyOf, isTemplate, templateFinder } from './families.ts';
import { error, pathOf, type Complaint, type Finding } from './finding.ts';
import { checkMetrics, checkRules } from './metrics.ts';
import { knownValues } from './placeholders.ts';
import { checkAnalysis, checkRollout } from './rollouts.ts';
import { checkReferences, checkTemplate } from './templates.ts';

export type { Finding, Severity } from './finding.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const knownProviders = (kind: KindName): string => {
  const spec = (kinds[kind].schema as Schema).properties?.['spec'];
  const provider = spec?.properties?.['metrics']?.items?.properties?.['provider'];
  return Object.keys(provider?.properties ?? {}).join(', ');
};

/** Fields that do not exist, or have the wrong type. */
const checkSchema = ({ object, kind }: LintDocument): Complaint[] =>
  kind === undefined
    ? []
    : schemaErrors(object, kind).map(({ path, text, isUnknownField }) => {
        const provider = /\.provider\.(\w+)$/.exec(path)?.[1];
        const message =
          isUnknownField && provider !== undefined
            ? `unknown provider ${provider}: it is one of ${knownProviders(kind)}`
            : text.replace(`${path}: `, '');
        return error(pathOf(path), message, { atKey: isUnknownField });
      });

/** Whether the further checks can rely on the types of fields. */
const hasRightTypes = ({ object, kind }: LintDocument): boolean =>
  kind === undefined || schemaErrors(object, kind).every(({ isUnknownField }) => isUnknownField);

const checkRun = (document: LintDocument): Complaint[] => {
  if (document.kind !== 'AnalysisRun') return [];
  const { spec } = document.object as AnalysisRun;
  const metrics = spec?.metrics ?? [];
  const names = metrics.map(({ name }) => name);
  const lifetime = lifetimeError(spec ?? {});
  const lifetimePath = ['spec', ...(/^[\w.]+/.exec(lifetime ?? '')?.[0].split('.') ?? [])];
  return [
    ...(lifetime === undefined ? [] : [error(lifetimePath, lifetime)]),
    ...checkMetrics(metrics, ['spec', 'metrics'], knownValues(spec?.args ?? [])),
    ...checkRules(spec ?? {}, names, ['spec']),
  ];
};

const severities = ['error', 'warning', 'note'];

const byPlace = (a: Finding, b: Finding): number =>
  (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
  a.line - b.line ||
  a.column - b.column ||
  severities.indexOf(a.severity) - severities.indexOf(b.severity);

/** What is wrong in some files, ordered by place. The files are looked at together: a Rollout finds the templates of another file. */
export const lintFiles = (files: readonly { readonly name: string; readonly text: string }[]): readonly Finding[] => {
  const read = files.map(({ name, text }) => readDocuments(text, name));
  const documents = read.flatMap((file) => file.documents);
  const sound = documents.filter(hasRightTypes);
  // Services and Ingresses count for the Rollouts of their own folder: other folders repeat names.
  const beside = (document: LintDocument): KubeObject[] =>
    documents.filter(({ file }) => dirname(file) === dirname(document.file)).map(({ object }) => object);
  const templates = sound.filter(isTemplate);
  const find = templateFinder(templates);
  const own = templates.map((template) => {
    const { templates: named, missing } = familyOf(template.object.spec?.templates ?? [], template, find);
    return { templates: [...new Set([template, ...named])], missing };
  });
  const asked = sound.flatMap((document) =>
    analysesIn(document).map(({ references }) =>
      familyOf(
        references.map(({ reference }) => reference),
        document,
        find,
      ),
    ),
  );
  const checkTemplates = (document: LintDocument): Complaint[] => {
    if (!isTemplate(document)) return [];
    const isUsed = asked.some((family) => family.templates.includes(document));
    return [
      ...checkTemplate(document, [...own, ...asked], isUsed),
      ...checkReferences(document, (reference) =>
        find(reference, document) === undefined ? undefined : familyOf([reference], document, find),
      ),
    ];
  };
  const complaints = (document: LintDocument): Complaint[] => {
    const schema = checkSchema(document);
    if (!sound.includes(document)) return schema;
    return [
      ...schema,
      ...(document.kind === 'Rollout' ? checkRollout(document, beside(document)) : []),
      ...analysesIn(document).flatMap((analysis) => checkAnalysis(document, analysis, find)),
      ...checkTemplates(document),
      ...checkRun(document),
    ];
  };
  const found = documents.flatMap((document) => complaints(document).map((complaint) => document.finding(complaint)));
  return [...read.flatMap((file) => file.findings), ...found].sort(byPlace);
};
