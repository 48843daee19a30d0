import { readFileSync } from 'node:fs';
import { type KindName, type KubeObject, apiVersion, kinds } from '@sluice/model';
import { LineCounter, parseAllDocuments } from 'yaml';
import { CommandError } from './errors.ts';

// Manifests as people write them, read strictly: what the API server would silently drop is an error here.

/** A part of a structural schema, as libs/model describes the kinds. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** A manifest and the line that it starts at, for messages. */
export interface Manifest {
  readonly object: KubeObject;
  readonly line: number;
}

/** As readManifests, from a file. */
export function readManifestFile(file: string): Manifest[] {
  return readManifests(readTextFile(file), file);
}

function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The objects in a YAML or JSON text, empty documents left out.
 *
 * @throws CommandError for what is not YAML, for duplicate keys, and for documents that are no objects
 */
export function readManifests(text: string, file: string): Manifest[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { merge: true, lineCounter });
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new CommandError(`${file}: ${error.message.split('\n')[0] ?? error.message}`);
    const object: unknown = document.toJS();
    if (object === null || object === undefined) return [];
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0);
    if (typeof object !== 'object' || Array.isArray(object)) {
      throw new CommandError(`${file}:${line}: expected a Kubernetes object with apiVersion, kind and metadata`);
    }
    return [{ object: object as KubeObject, line }];
  });
}

/** The kind of ours that an object has; undefined for all other groups and kinds. */
export function kindOf(object: KubeObject): KindName | undefined {
  return object.apiVersion === apiVersion && Object.hasOwn(kinds, object.kind ?? '')
    ? (object.kind as KindName)
    : undefined;
}

/** `GROUP/KIND` of any object; the group is empty for the core kinds. */
export function groupKindOf(object: KubeObject): string {
  const [group, version] = String(object.apiVersion ?? '').split('/');
  return `${version === undefined ? '' : (group ?? '')}/${object.kind ?? ''}`;
}

const TOP_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const META_FIELDS = new Set([
  ...[
    'name',
    'generateName',
    'namespace',
    'labels',
    'annotations',
    'finalizers',
    'ownerReferences',
    'uid',
    'resourceVersion',
    'generation',
  ],
  ...['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'selfLink'],
]);

/** Something in an object of ours that its kind does not have, or that has the wrong type. */
export interface SchemaError {
  /** Such as `spec.metrics[0].name`. */
  readonly path: string;
  readonly text: string;
  readonly isUnknownField: boolean;
}

/** The first schema error of an object as text; undefined when all is well. */
export function firstSchemaError(object: KubeObject, kind: KindName): string | undefined {
  return schemaErrors(object, kind)[0]?.text;
}

/** Everything in an object of ours that its kind does not have or that has the wrong type. */
export function schemaErrors(object: KubeObject, kind: KindName): SchemaError[] {
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  const properties = (kinds[kind].schema as Schema).properties ?? {};
  return [
    ...Object.keys(object)
      .filter((field) => !TOP_FIELDS.includes(field))
      .map(unknownField),
    ...Object.keys(object.metadata ?? {})
      .filter((field) => !META_FIELDS.has(field))
      .map((field) => unknownField(`metadata.${field}`)),
    ...errorsAt(properties['spec'] ?? {}, spec, 'spec'),
    ...errorsAt(properties['status'] ?? {}, status, 'status'),
  ];
}

const unknownField = (path: string): SchemaError => ({ path, text: `unknown field "${path}"`, isUnknownField: true });

// null stands for an absent field everywhere, as it does for the API server's decoder.
function errorsAt(schema: Schema, value: unknown, path: string): SchemaError[] {
  if (value === null || value === undefined) return [];
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string' || Number.isInteger(value)
      ? []
      : [wrongType(path, 'a whole number or text', value)];
  }
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? [] : [wrongType(path, 'text', value)];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [wrongType(path, 'true or false', value)];
    case 'integer':
      return Number.isInteger(value) ? [] : [wrongType(path, 'a whole number', value)];
    case 'number':
      return typeof value === 'number' ? [] : [wrongType(path, 'a number', value)];
    case 'array':
      return Array.isArray(value) ? errorsInList(schema, value, path) : [wrongType(path, 'a list', value)];
    case 'object':
      return typeof value === 'object' && !Array.isArray(value)
        ? errorsInFields(schema, value, path)
        : [wrongType(path, 'fields', value)];
    default:
      return [];
  }
}

function errorsInList(schema: Schema, list: readonly unknown[], path: string): SchemaError[] {
  return list.flatMap((item, index) => errorsAt(schema.items ?? {}, item, `${path}[${index}]`));
}

function errorsInFields(schema: Schema, fields: object, path: string): SchemaError[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    const known = schema.properties?.[field];
    if (known !== undefined) return errorsAt(known, value, `${path}.${field}`);
    if (typeof schema.additionalProperties === 'object')
      return errorsAt(schema.additionalProperties, value, `${path}.${field}`);
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
    return isOpen ? [] : [unknownField(`${path}.${field}`)];
  });
}

function wrongType(path: string, expected: string, value: unknown): SchemaError {
  return { path, text: `${path}: expected ${expected}, got ${JSON.stringify(value)}`, isUnknownField: false };
}
