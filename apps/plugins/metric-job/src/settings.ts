import { PluginError } from '@sluice/plugin-sdk';
import type { Json, JsonObject } from '@sluice/plugin-sdk';

/** The user's `provider.job`. Of `metadata` only labels and annotations count; the Job's name and namespace are this plugin's. */
export interface JobSettings {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** A batch/v1 JobSpec, as the API server will judge it. */
  readonly spec: JsonObject;
}

/** Throws PluginError `Invalid` with the path of what no API server would take; the rest is the API server's to judge. */
export function readJobSettings(raw: JsonObject): JobSettings {
  const metadata = objectAt(raw, 'metadata', '') ?? {};
  const spec = objectAt(raw, 'spec', '');
  if (spec === undefined) throw invalid('spec', 'spec is required: the spec of a Job');
  const template = objectAt(spec, 'template', 'spec.');
  const pod = template && objectAt(template, 'spec', 'spec.template.');
  if (pod === undefined) throw invalid('spec.template', 'spec.template.spec is required: the pod that measures');
  const { restartPolicy } = pod;
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure')
    throw invalid('spec.template.spec.restartPolicy', 'restartPolicy of a Job must be Never or OnFailure');
  return {
    labels: textMapAt(metadata, 'labels'),
    annotations: textMapAt(metadata, 'annotations'),
    spec,
  };
}

/** Undefined where nothing is said: to find or remove a Job, nothing of the manifest is needed. */
export function settingsIfSaid(raw: JsonObject): JobSettings | undefined {
  return Object.keys(raw).length === 0 ? undefined : readJobSettings(raw);
}

function objectAt(parent: JsonObject, name: string, path: string): JsonObject | undefined {
  const value = parent[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid(`${path}${name}`, `${path}${name} must be an object`);
  return value;
}

function textMapAt(metadata: JsonObject, name: string): Readonly<Record<string, string>> {
  const map = objectAt(metadata, name, 'metadata.') ?? {};
  for (const [key, value] of Object.entries(map))
    if (typeof value !== 'string') throw invalid(`metadata.${name}.${key}`, `metadata.${name}.${key} must be text`);
  return map as Readonly<Record<string, string>>;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (path: string, message: string): PluginError => new PluginError('Invalid', message, { path });
