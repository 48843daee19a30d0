import {
  type AnalysisRun,
  type AnalysisTemplate,
  type ObjectMeta,
  apiVersion,
  instanceIdLabel,
  lastAppliedAnnotation,
} from '@sluice/model';
import { CommandError } from '../errors.ts';

type Argument = NonNullable<AnalysisTemplate['spec']['args']>[number];

export interface RunOptions {
  readonly name?: string;
  readonly generateName?: string;
  readonly instanceId?: string;
  readonly args: readonly Argument[];
  readonly namespace: string;
}

/**
 * The AnalysisRun that measures a template's metrics once, by hand. Nested templates are not expanded.
 *
 * @throws CommandError when it has no name, or an argument has neither a value nor a source
 */
export function analysisRunFrom(template: AnalysisTemplate, options: RunOptions): AnalysisRun {
  const { templates: _nested, ...spec } = template.spec;
  const args = resolvedArgs(template.spec.args ?? [], options.args);
  return {
    apiVersion,
    kind: 'AnalysisRun',
    metadata: {
      ...nameOf(template, options),
      namespace: options.namespace,
      ...metadataFrom(template, options.instanceId),
    } as ObjectMeta,
    spec: { ...spec, metrics: spec.metrics ?? [], ...(args.length === 0 ? {} : { args }) },
  };
}

function nameOf(
  template: AnalysisTemplate,
  { name, generateName }: RunOptions,
): Pick<ObjectMeta, 'generateName'> | Pick<ObjectMeta, 'name'> {
  if (name !== undefined && name !== '') return { name };
  if (generateName !== undefined && generateName !== '') return { generateName };
  const from = template.metadata.name ?? '';
  if (from === '') throw new CommandError('name is invalid');
  return { generateName: `${from}-` };
}

function metadataFrom(
  template: AnalysisTemplate,
  instanceId: string | undefined,
): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const { [lastAppliedAnnotation]: _ofTheTemplate, ...annotations } = template.metadata.annotations ?? {};
  const labels =
    instanceId === undefined || instanceId === '' ? template.metadata.labels : { [instanceIdLabel]: instanceId };
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** Values given for arguments that the template does not declare are dropped, unless it declares none at all. */
function resolvedArgs(declared: readonly Argument[], given: readonly Argument[]): Argument[] {
  const merged =
    declared.length === 0
      ? [...given]
      : declared.map((arg) => ({ ...arg, ...given.find(({ name }) => name === arg.name) }));
  const unresolved = merged.find((arg) => arg.value === undefined && arg.valueFrom === undefined);
  if (unresolved !== undefined) throw new CommandError(`args.${unresolved.name} was not resolved`);
  return merged;
}
