// OpenAPI v3 documents, made from the types of the built-in kinds and the schemas of custom resources. kubectl wants them to know whether the
// server checks fields, and how lists are merged. Version 2 is only a stub: clients that read v3 do not ask for it.
import { createHash } from 'node:crypto';
import type { CustomDefinitions } from '../registry/custom-definitions.ts';
import type { GroupVersions, Registry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Field, StructType, TypeRef } from '../schema/builtin-types.ts';
import { builtinType, openApiName, structType } from '../schema/builtin-types.ts';
import type { Json } from '../storage/values.ts';
import type { ApiResponse } from './message.ts';
import { json } from './message.ts';

type Schemas = Record<string, Json>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const scalars: Record<string, Json> = {
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  double: { type: 'number', format: 'double' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  intstr: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  object: { type: 'object' },
  any: {},
};

function typeSchema(type: TypeRef, schemas: Schemas): Json {
  switch (type.is) {
    case 'scalar':
      return scalars[type.scalar] ?? { type: 'string' };
    case 'list':
      return { type: 'array', items: typeSchema(type.of, schemas) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.of, schemas) };
    case 'struct':
      addStruct(structType(type.name), schemas);
      return { allOf: [ref(openApiName(type.name))] };
    default:
      return type satisfies never;
  }
}

function fieldSchema(field: Field, schemas: Schemas): Json {
  const strategies = [field.merge && 'merge', field.retainKeys && 'retainKeys', field.replace && 'replace']
    .filter(Boolean)
    .join(',');
  return {
    ...typeSchema(field.type, schemas),
    ...(field.enum ? { enum: field.enum } : {}),
    ...(strategies ? { 'x-kubernetes-patch-strategy': strategies } : {}),
    ...(field.mergeKey ? { 'x-kubernetes-patch-merge-key': field.mergeKey } : {}),
    ...(field.mapKeys ? { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': field.mapKeys } : {}),
    ...(field.set ? { 'x-kubernetes-list-type': 'set' } : {}),
  };
}

function addStruct(type: StructType, schemas: Schemas, kind?: Json): string {
  const name = openApiName(type.name);
  if (!schemas[name]) {
    const schema: Json = (schemas[name] = { type: 'object' });
    schema.properties = Object.fromEntries([...type.fields].map(([key, field]) => [key, fieldSchema(field, schemas)]));
    const required = [...type.fields.values()].filter((f) => f.required).map((f) => f.name);
    if (required.length > 0) schema.required = required;
  }
  if (kind) (schemas[name] as Json)['x-kubernetes-group-version-kind'] = [kind];
  return name;
}

const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
  name,
  in: 'query',
  schema: { type: name === 'force' ? 'boolean' : 'string' },
}));

function addResource(
  definitions: CustomDefinitions,
  r: ResourceInfo,
  version: string,
  paths: Json,
  schemas: Schemas,
): void {
  const kind = { group: r.group, version, kind: r.kind };
  const custom = definitions.version(r, version);
  const builtin = custom ? undefined : builtinType(r.group, r.kind);
  let name: string;
  if (builtin) name = addStruct(builtin, schemas, kind);
  else {
    name = `${r.group.split('.').reverse().join('.')}.${version}.${r.kind}`;
    const schema: Json = { type: 'object', ...custom?.schema.schema };
    schemas[name] = {
      ...schema,
      'x-kubernetes-group-version-kind': [kind],
      properties: {
        ...schema.properties,
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: typeSchema({ is: 'struct', name: 'ObjectMeta' }, schemas),
      },
    };
  }
  const base = r.group ? `/apis/${r.group}/${version}` : `/api/${version}`;
  const collection = `${base}${r.namespaced ? '/namespaces/{namespace}' : ''}/${r.resource}`;
  const answer = { responses: { 200: { description: 'OK', content: { 'application/json': { schema: ref(name) } } } } };
  const operation = (action: string): Json => ({
    ...answer,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
    parameters,
  });
  const patches = [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(builtin ? ['application/strategic-merge-patch+json'] : []),
  ];
  paths[collection] = { post: operation('post') };
  if (r.review) return;
  paths[collection].get = operation('list');
  paths[`${collection}/{name}`] = {
    get: operation('get'),
    put: operation('put'),
    delete: operation('delete'),
    patch: {
      ...operation('patch'),
      requestBody: {
        required: true,
        content: Object.fromEntries(patches.map((p) => [p, { schema: { type: 'object' } }])),
      },
    },
  };
}

function groupVersion(definitions: CustomDefinitions, group: GroupVersions, version: string): string {
  const paths: Json = {};
  const schemas: Schemas = {};
  for (const r of group.resources)
    if (r.versions.includes(version)) addResource(definitions, r, version, paths, schemas);
  return JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: { schemas },
  });
}

export interface OpenApi {
  /** Undefined when `path` is none of its paths. */
  serve(path: string, accept: string): ApiResponse | undefined;
}

export function createOpenApi(registry: Registry, definitions: CustomDefinitions): OpenApi {
  let built = 0;
  let documents = new Map<string, string>();
  const document = (key: string): string | undefined => {
    if (built !== registry.revision()) {
      documents = new Map();
      built = registry.revision();
    }
    let text = documents.get(key);
    if (text === undefined) {
      const [root, a, b] = key.split('/');
      const [name, version] = root === 'api' ? ['', a] : [a, b];
      const group = registry.groups().find((g) => g.group === name);
      if (!group || version === undefined || !group.versions.includes(version)) return undefined;
      documents.set(key, (text = groupVersion(definitions, group, version)));
    }
    return text;
  };
  const keys = (): string[] =>
    registry.groups().flatMap((g) => g.versions.map((v) => (g.group ? `apis/${g.group}/${v}` : `api/${v}`)));
  const hash = (key: string): string =>
    createHash('sha256').update(`${key} ${registry.revision()}`).digest('hex').toUpperCase();
  return {
    serve(path, accept) {
      if (path === '/openapi/v2') {
        // An OpenAPI v2 document in protobuf that holds its version and nothing else: clients that find nothing in v3 look here and find nothing.
        if (accept.includes('protobuf') && !accept.includes('application/json'))
          return {
            code: 200,
            body: '\n\u00032.0',
            contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
          };
        return json(200, {
          swagger: '2.0',
          info: { title: 'Kubernetes', version: 'unversioned' },
          paths: {},
          definitions: {},
        });
      }
      if (path === '/openapi/v3')
        return json(200, {
          paths: Object.fromEntries(
            keys().map((key) => [key, { serverRelativeURL: `/openapi/v3/${key}?hash=${hash(key)}` }]),
          ),
        });
      if (!path.startsWith('/openapi/v3/')) return undefined;
      const text = document(path.slice('/openapi/v3/'.length));
      return text === undefined ? undefined : { code: 200, body: text };
    },
  };
}
