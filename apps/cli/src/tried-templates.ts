import type { TemplateRef } from '@sluice/contracts';
import type { AnalysisTemplate } from '@sluice/model';
import { CommandError } from './errors.ts';
import { firstSchemaError, kindOf, readManifestFile } from './manifest.ts';

/** The AnalysisTemplates and ClusterAnalysisTemplates of files. What else is in the files is left out. */
export interface TemplatesOfFiles {
  readonly templates: readonly AnalysisTemplate[];
  /** Where the files say that they belong; undefined where they do not say it. */
  readonly namespace: string | undefined;
}

/** @throws CommandError for a file that cannot be read, has no template, or has one that the API server would not take */
export function readTemplates(files: readonly string[]): TemplatesOfFiles {
  const templates = files.flatMap(templatesIn);
  const names = templates.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new CommandError(`${twice} is in the files twice`);
  const namespaces = new Set(templates.flatMap(({ metadata }) => metadata.namespace ?? []));
  if (namespaces.size > 1)
    throw new CommandError(
      `the files have templates of several namespaces (${[...namespaces].join(', ')}): try those of one at a time`,
    );
  return { templates, namespace: [...namespaces][0] };
}

function templatesIn(file: string): AnalysisTemplate[] {
  const templates = readManifestFile(file).flatMap(({ object, line }) => {
    const kind = kindOf(object);
    if (kind !== 'AnalysisTemplate' && kind !== 'ClusterAnalysisTemplate') return [];
    const error = object.metadata?.name ? firstSchemaError(object, kind) : 'metadata.name is missing';
    if (error !== undefined) throw new CommandError(`${file}:${line}: ${kind}: ${error}`);
    return [object as AnalysisTemplate];
  });
  if (templates.length === 0)
    throw new CommandError(`${file}: there is no AnalysisTemplate or ClusterAnalysisTemplate in it`);
  return templates;
}

/** The templates that no other one of them takes in; all of them where each is taken in. */
export function outermost(templates: readonly AnalysisTemplate[]): TemplateRef[] {
  const takenIn = new Set(
    templates.flatMap((template) =>
      (template.spec.templates ?? [])
        .map(({ templateName = '', clusterScope = false }) => nameOfRef({ name: templateName, clusterScope }))
        .filter((name) => name !== nameOf(template)),
    ),
  );
  const outer = templates.filter((template) => !takenIn.has(nameOf(template)));
  return (outer.length === 0 ? templates : outer).map(refOf);
}

const refOf = ({ kind, metadata }: AnalysisTemplate): TemplateRef => ({
  name: metadata.name ?? '',
  clusterScope: kind === 'ClusterAnalysisTemplate',
});
const nameOfRef = ({ name, clusterScope }: TemplateRef): string =>
  `${clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate'} ${name}`;
const nameOf = (template: AnalysisTemplate): string => nameOfRef(refOf(template));
