// How an API server treats an object under a structural schema, as far as the tests of our CRDs need it.

export interface StructuralSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly format?: string;
  readonly description?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

const typeOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value;

const fits = (schema: StructuralSchema, value: unknown): boolean => {
  const type = typeOf(value);
  if (type === 'null') return schema.nullable === true;
  if (schema['x-kubernetes-int-or-string'] === true) return type === 'integer' || type === 'string';
  return schema.type === undefined || schema.type === type || (schema.type === 'number' && type === 'integer');
};

/** Paths of all that would be pruned or refused, each with the reason. */
export const complaints = (schema: StructuralSchema, value: unknown, path = ''): string[] => {
  if (!fits(schema, value)) return [`${path}: ${typeOf(value)} instead of ${schema.type ?? 'int or string'}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: not in the enum`];
  if (Array.isArray(value))
    return value.flatMap((item, index) => complaints(schema.items ?? {}, item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries(value).flatMap(([key, member]) => {
      const known = schema.properties?.[key] ?? schema.additionalProperties;
      if (known !== undefined) return complaints(known, member, `${path}.${key}`);
      return schema['x-kubernetes-preserve-unknown-fields'] === true ? [] : [`${path}.${key}: would be pruned`];
    }),
  ];
};

/** What the API server demands of a structural schema itself. */
export const flaws = (schema: StructuralSchema, path: string): string[] => {
  const untyped = schema['x-kubernetes-int-or-string'] ?? schema['x-kubernetes-preserve-unknown-fields'] ?? false;
  const here = [
    ...(schema.type === undefined && !untyped ? [`${path}: no type`] : []),
    ...(schema.properties !== undefined && schema.additionalProperties !== undefined
      ? [`${path}: properties and additionalProperties exclude each other`]
      : []),
    ...(schema.type === 'array' && schema.items === undefined ? [`${path}: no items`] : []),
    ...(schema.required ?? [])
      .filter((key) => schema.properties?.[key] === undefined)
      .map((key) => `${path}.${key}: required but unknown`),
  ];
  return [
    ...here,
    ...Object.entries(schema.properties ?? {}).flatMap(([key, member]) => flaws(member, `${path}.${key}`)),
    ...(schema.items === undefined ? [] : flaws(schema.items, `${path}[]`)),
    ...(schema.additionalProperties === undefined ? [] : flaws(schema.additionalProperties, `${path}{}`)),
  ];
};
