import { Type } from '@sinclair/typebox';
import type { SchemaOptions, Static, TSchema, TUnsafe } from '@sinclair/typebox';

// Building blocks of the API's schemas. Each is at once a TypeScript type (Static<>) and a fragment of a structural
// CRD schema, so a field is never typed twice. TypeBox's own Record and Union make fragments that Kubernetes refuses
// (patternProperties, anyOf of types); these replace them.

/** A whole number or text such as "25%". Kubernetes knows the shape by its extension, without `type`. */
export type IntOrString = number | string;

export const intOrString = (description: string): TUnsafe<IntOrString> =>
  Type.Unsafe<IntOrString>({ 'x-kubernetes-int-or-string': true, description });

export const int32 = (description: string) => Type.Integer({ format: 'int32', description });

export const int64 = (description: string) => Type.Integer({ format: 'int64', description });

export const text = (description: string) => Type.String({ description });

export const flag = (description: string) => Type.Boolean({ description });

/** Text from a known vocabulary that the API server does not restrict: an unknown word must reach the validation. */
export const word = <Words extends string>(description: string): TUnsafe<Words> =>
  Type.Unsafe<Words>({ type: 'string', description });

/** RFC 3339 with seconds, as Kubernetes writes times. */
export const time = (description: string) => Type.String({ format: 'date-time', description });

export const list = <Item extends TSchema>(item: Item, description: string) => Type.Array(item, { description });

export const mapOf = <Value extends TSchema>(
  value: Value,
  description: string,
): TUnsafe<Record<string, Static<Value>>> =>
  Type.Unsafe<Record<string, Static<Value>>>({ type: 'object', additionalProperties: value, description });

export const textMap = (description: string) => mapOf(Type.String(), description);

/** An object that belongs to another API (a pod template, a Job) or to a plugin: stored whole, never pruned. */
export const opaque = <Shape = Record<string, unknown>>(description: string): TUnsafe<Shape> =>
  Type.Unsafe<Shape>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, description });

/** Any JSON value, stored as it is. */
export const anyValue = (description: string): TUnsafe<unknown> =>
  Type.Unsafe<unknown>({ 'x-kubernetes-preserve-unknown-fields': true, description });

/**
 * Accepts an explicit null where Go clients write one for a field that is not set. The TypeScript type stays without
 * null: readers see objects through `withoutNulls`, as a Go decoder would.
 */
export const nullable = <Schema extends TSchema>(schema: Schema): Schema => ({ ...schema, nullable: true });

/** Fields that this project does not know are kept too: used for providers that only other controllers serve. */
export const open: SchemaOptions = { 'x-kubernetes-preserve-unknown-fields': true };
