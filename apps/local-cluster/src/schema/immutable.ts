// Of CEL (`x-kubernetes-validations`) two rules are evaluated: `self == oldSelf`, a field that cannot change, and `!has(oldSelf.a) || has(self.a) || …`,
// a field that cannot be removed. All others are taken as held.
import type { FieldError } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { equal, isObject } from '../storage/values.ts';
import type { StructuralSchema, ValidationRule } from './structural.ts';
import { joinPath } from './structural.ts';
import { childSchema } from './validate.ts';

const isImmutability = (rule: ValidationRule): boolean =>
  /^\s*(self\s*==\s*oldSelf|oldSelf\s*==\s*self)\s*$/.test(rule.rule);

/** Whether a rule of the form `!has(oldSelf.a) || has(self.a) || has(self.b)` is broken. */
function breaksPresence({ rule }: ValidationRule, value: Json, old: Json): boolean {
  const [first = '', ...others] = rule.split('||').map((term) => term.trim());
  const before = /^!has\(oldSelf\.(\w+)\)$/.exec(first)?.[1];
  const after = others.map((term) => /^has\(self\.(\w+)\)$/.exec(term)?.[1]);
  if (before === undefined || after.length === 0 || after.includes(undefined)) return false;
  const has = (object: Json, key: string): boolean => isObject(object) && object[key] !== undefined;
  return has(old, before) && !after.some((key) => has(value, key!));
}

const holdsRules = new WeakMap<StructuralSchema, boolean>();

const children = (s: StructuralSchema): StructuralSchema[] => [
  ...Object.values(s.properties ?? {}),
  ...(s.items ? [s.items] : []),
  ...(typeof s.additionalProperties === 'object' ? [s.additionalProperties] : []),
];

/** Whether any rule is anywhere in the schema: the API server then says, after other errors, that it did not check them. */
export function hasRules(schema: StructuralSchema): boolean {
  let known = holdsRules.get(schema);
  if (known === undefined) {
    known = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || children(schema).some(hasRules);
    holdsRules.set(schema, known);
  }
  return known;
}

export const rulesNotChecked: FieldError = {
  type: 'FieldValueInvalid',
  field: '<nil>',
  body: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Rules hold for values that were there before and are there now. */
export function checkImmutable(
  value: Json,
  old: Json,
  schema: StructuralSchema,
  path: string,
  errors: FieldError[] = [],
): FieldError[] {
  if (!hasRules(schema) || value === undefined || old === undefined || value === old) return errors;
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    const isBroken = isImmutability(rule) ? !equal(old, value) : breaksPresence(rule, value, old);
    if (!isBroken) continue;
    const kind =
      schema.type ??
      (schema['x-kubernetes-int-or-string'] ? (typeof value === 'number' ? 'integer' : 'string') : 'object');
    errors.push({
      type: 'FieldValueInvalid',
      field: rule.fieldPath ? `${path}${rule.fieldPath}` : path || '<nil>',
      body: `Invalid value: "${kind}": ${rule.message ?? `failed rule: ${rule.rule}`}`,
    });
  }
  if (isObject(value) && isObject(old)) {
    for (const key of Object.keys(value)) {
      const child = childSchema(schema, key);
      if (child) checkImmutable(value[key], old[key], child, joinPath(path, key), errors);
    }
  } else if (Array.isArray(value) && Array.isArray(old) && schema.items && schema['x-kubernetes-list-type'] === 'map') {
    const { items } = schema;
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const same = (a: Json, b: Json): boolean => keys.every((k) => a?.[k] === b?.[k]);
    value.forEach((v, i) =>
      checkImmutable(
        v,
        old.find((o) => same(o, v)),
        items,
        `${path}[${i}]`,
        errors,
      ),
    );
  }
  return errors;
}
