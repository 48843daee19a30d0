// Errors of single fields in the words of the API server, collected while an object is checked.
import type { FieldError } from '../storage/status-error.ts';

export class FieldErrors {
  readonly list: FieldError[] = [];

  required(field: string, why?: string): void {
    this.list.push({ type: 'FieldValueRequired', field, body: why ? `Required value: ${why}` : 'Required value' });
  }

  invalid(field: string, value: unknown, why: string): void {
    this.list.push({
      type: 'FieldValueInvalid',
      field,
      body: `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`,
    });
  }

  unsupported(field: string, value: unknown, supported: readonly string[]): void {
    const values = supported.map((s) => JSON.stringify(s)).join(', ');
    this.list.push({
      type: 'FieldValueNotSupported',
      field,
      body: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`,
    });
  }

  duplicate(field: string, value: unknown): void {
    this.list.push({ type: 'FieldValueDuplicate', field, body: `Duplicate value: ${JSON.stringify(value)}` });
  }

  forbidden(field: string, why: string): void {
    this.list.push({ type: 'FieldValueForbidden', field, body: `Forbidden: ${why}` });
  }

  notFound(field: string, value: unknown): void {
    this.list.push({ type: 'FieldValueNotFound', field, body: `Not found: ${JSON.stringify(value)}` });
  }

  oneOf(field: string, value: unknown, supported: readonly string[]): void {
    if (value !== undefined && !supported.includes(String(value))) this.unsupported(field, value, supported);
  }

  notNegative(field: string, value: unknown): void {
    if (typeof value === 'number' && value < 0) this.invalid(field, value, 'must be greater than or equal to 0');
  }
}
