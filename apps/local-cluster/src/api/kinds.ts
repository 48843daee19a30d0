// One answer for built-in and custom kinds to: what did the client send, what does the server add, is it valid?
import { createHash } from 'node:crypto';
import { applyDefaults, keepAllocated } from '../builtin/defaults.ts';
import type { DefaultsContext } from '../builtin/defaults.ts';
import { FieldErrors } from '../builtin/field-errors.ts';
import { checkMetadata, checkMetadataUpdate } from '../builtin/names.ts';
import { validateObject } from '../builtin/validation.ts';
import type { Shape } from '../patch/shape.ts';
import { schemaShape, structShape } from '../patch/shape.ts';
import type { CustomDefinitions, CustomVersion } from '../registry/custom-definitions.ts';
import { definitionErrors } from '../registry/custom-definitions.ts';
import type { StructType } from '../schema/builtin-types.ts';
import { builtinType } from '../schema/builtin-types.ts';
import { decodeBuiltin } from '../schema/decode.ts';
import type { FieldError } from '../storage/status-error.ts';
import { badRequest, StatusError } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { copy } from '../storage/values.ts';
import type { Route } from './message.ts';

export interface Read {
  readonly object: KubeObject;
  readonly unknownFields: readonly string[];
}

export interface Kind {
  /** Types, pruning and schema defaults. Throws 400 when a type of a built-in kind is wrong. */
  read(value: Json): Read;
  /** Defaults that depend on more than the schema, and what an update keeps. */
  complete(object: KubeObject, current: KubeObject | undefined): KubeObject;
  validate(object: KubeObject, current: KubeObject | undefined): FieldError[];
  validateStatus(object: KubeObject, current: KubeObject): FieldError[];
  /** For strategic merge patches; undefined where they are not supported. */
  readonly type: StructType | undefined;
  readonly shape: Shape;
  /** Whether an update has to say which version it is based on. */
  readonly needsVersion: boolean;
}

const versionRequired = new Set([
  'coordination.k8s.io/leases',
  'policy/poddisruptionbudgets',
  'apiextensions.k8s.io/customresourcedefinitions',
]);

export function kindOf(definitions: CustomDefinitions, route: Route, context: DefaultsContext): Kind {
  const { info, ref } = route;
  const custom = definitions.version(info, ref.version);
  if (custom) return customKind(route, custom);
  const type = builtinType(info.group, info.kind);
  if (!type) throw new StatusError(404, 'NotFound', `no schema for ${info.kind}: its definition is going`, {});
  return builtinKind(route, type, context);
}

function builtinKind(route: Route, type: StructType, context: DefaultsContext): Kind {
  const { info } = route;
  return {
    type,
    shape: structShape(type),
    needsVersion: versionRequired.has(`${info.group}/${info.resource}`),
    read(value) {
      const { value: object, unknownFields } = decodeBuiltin(value, type);
      return { object, unknownFields };
    },
    complete(object, current) {
      const draft = copy(object);
      if (current) keepAllocated(info.group, info.kind, current, draft);
      applyDefaults(info.group, info.kind, draft, context);
      return draft;
    },
    validate(object, current) {
      const errors = validateObject(info.group, info.kind, object, current);
      return info.kind === 'CustomResourceDefinition' ? [...errors, ...definitionErrors(object, current)] : errors;
    },
    validateStatus: () => [],
  };
}

function customKind(route: Route, { schema }: CustomVersion): Kind {
  const { info, ref } = route;
  return {
    type: undefined,
    shape: schemaShape(schema.schema, true),
    needsVersion: true,
    read: (value) => schema.read(value),
    complete: (object) => object,
    validate(object, current) {
      const errors = new FieldErrors();
      checkMetadata(errors, info.group, info.kind, object.metadata, true);
      if (current) checkMetadataUpdate(errors, object.metadata, current.metadata);
      if (object.apiVersion !== `${info.group}/${ref.version}`)
        errors.invalid('apiVersion', object.apiVersion, `must be ${info.group}/${ref.version}`);
      return schema.validate(object, current, errors.list);
    },
    validateStatus: (object, current) => schema.validateStatus(object, current),
  };
}

/** Throws 400 with the server's text unless `body` is an object of the route's kind. */
export function parseBody(route: Route, body: string): Record<string, Json> {
  const { info, ref } = route;
  const wanted = `(must be of type ${info.kind})`;
  let value: Json;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized ${wanted}: couldn't get version/kind; json parse error: ${(error as Error).message}`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(`the object provided is unrecognized ${wanted}: it is no object`);
  const apiVersion = ref.group ? `${ref.group}/${ref.version}` : ref.version;
  if (info.definedBy) {
    if (!value.kind)
      throw badRequest(
        `the object provided is unrecognized ${wanted}: Object 'Kind' is missing in '${body}' (${body})`,
      );
    if (value.kind !== info.kind)
      throw new StatusError(
        422,
        'Invalid',
        `${value.kind}.${info.group} "${value.metadata?.name ?? ''}" is invalid: kind: Invalid value: "${value.kind}": must be ${info.kind}`,
        {
          name: value.metadata?.name ?? '',
          group: info.group,
          kind: value.kind,
          causes: [
            {
              reason: 'FieldValueInvalid',
              message: `Invalid value: "${value.kind}": must be ${info.kind}`,
              field: 'kind',
            },
          ],
        },
      );
  }
  if ((value.kind && value.kind !== info.kind) || (value.apiVersion && value.apiVersion !== apiVersion))
    throw badRequest(
      `${value.kind ?? info.kind} in version "${value.apiVersion?.split('/').at(-1) ?? ref.version}" cannot be handled as a ${info.kind}: no kind "${value.kind ?? info.kind}" is registered for version "${value.apiVersion ?? apiVersion}" here: send it to the path of its own kind`,
    );
  value.kind = info.kind;
  value.apiVersion = apiVersion;
  checkMetadataTypes(route, value.metadata);
  value.metadata ??= {};
  return value;
}

// Custom resources have no Go type, yet their metadata is read as one.
function checkMetadataTypes(route: Route, metadata: Json): void {
  const prefix = `${route.info.kind} in version "${route.ref.version}" cannot be handled as a ${route.info.kind}: `;
  if (metadata === undefined || metadata === null) return;
  if (typeof metadata !== 'object' || Array.isArray(metadata))
    throw badRequest(
      `${prefix}json: cannot unmarshal ${typeof metadata} into Go struct field ObjectMeta.metadata of type v1.ObjectMeta`,
    );
  for (const key of ['labels', 'annotations'])
    for (const v of Object.values((metadata[key] ?? {}) as Record<string, Json>))
      if (typeof v !== 'string')
        throw badRequest(
          `${prefix}json: cannot unmarshal ${typeof v} into Go struct field ObjectMeta.metadata.${key} of type string`,
        );
  for (const key of ['name', 'namespace', 'generateName', 'resourceVersion'])
    if (metadata[key] !== undefined && metadata[key] !== null && typeof metadata[key] !== 'string')
      throw badRequest(
        `${prefix}json: cannot unmarshal ${typeof metadata[key]} into Go struct field ObjectMeta.metadata.${key} of type string`,
      );
}

/** Eleven characters that stand for the form in which objects are stored; clients only compare them. */
export const storageVersionHash = (group: string, version: string, kind: string): string =>
  createHash('sha256').update(`${group}/${version}/${kind}`).digest('base64').slice(0, 11) + '=';
