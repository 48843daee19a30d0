import { dirname } from 'node:path';
import type { AnalysisTemplate, TemplateReference } from '@sluice/model';
import type { LintDocument } from './document.ts';

// Which templates are measured together: those that a Rollout names in one analysis, with all that they name.

export interface TemplateDocument extends LintDocument {
  readonly object: AnalysisTemplate;
}

export interface Family {
  readonly templates: readonly TemplateDocument[];
  /** References to templates that are in none of the files. */
  readonly missing: readonly TemplateReference[];
}

export const isTemplate = (document: LintDocument): document is TemplateDocument =>
  document.kind === 'AnalysisTemplate' || document.kind === 'ClusterAnalysisTemplate';

const shareNamespace = (a: LintDocument, b: LintDocument): boolean =>
  a.namespace === undefined || b.namespace === undefined || a.namespace === b.namespace;

/** Looks a template up for an object that names it; undefined as well when several files far away have one. */
export type FindTemplate = (reference: TemplateReference, from: LintDocument) => TemplateDocument | undefined;

/**
 * Looks templates up among the files. Without a namespace an object is in any. Of several templates of a name the nearest one is
 * meant: folders of examples or of environments repeat names.
 */
export const templateFinder =
  (templates: readonly TemplateDocument[]): FindTemplate =>
  ({ templateName, clusterScope = false }, from) => {
    const candidates = templates.filter(
      (template) =>
        template.name === templateName &&
        (clusterScope
          ? template.kind === 'ClusterAnalysisTemplate'
          : template.kind === 'AnalysisTemplate' && shareNamespace(template, from)),
    );
    const near =
      candidates.find(({ file }) => file === from.file) ??
      candidates.find(({ file }) => dirname(file) === dirname(from.file));
    return near ?? (candidates.length === 1 ? candidates[0] : undefined);
  };

/** The templates that some references lead to, each once. A circle of templates ends where it began. */
export const familyOf = (references: readonly TemplateReference[], from: LintDocument, find: FindTemplate): Family => {
  const templates: TemplateDocument[] = [];
  const missing: TemplateReference[] = [];
  const visit = (list: readonly TemplateReference[]): void => {
    for (const reference of list) {
      const template = find(reference, from);
      if (template === undefined) missing.push(reference);
      else if (!templates.includes(template)) {
        templates.push(template);
        visit(template.object.spec?.templates ?? []);
      }
    }
  };
  visit(references);
  return { templates, missing };
};
