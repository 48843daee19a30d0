/** An error keeps the object from working; a warning is almost surely not what was meant; a note is what could not be checked. */
export type Severity = 'error' | 'warning' | 'note';

/** From the root of an object to one of its fields. */
export type Path = readonly (string | number)[];

export interface Finding {
  readonly severity: Severity;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** `KIND/NAME`; undefined for what is no object. */
  readonly object?: string;
  /** Such as `spec.metrics[0].count`. */
  readonly path?: string;
  readonly message: string;
  /** The line of the file that it is about. */
  readonly sourceLine: string;
}

/** What a check says; where exactly that is in the file is for the document to find out. */
export interface Complaint {
  readonly severity: Severity;
  readonly path: Path;
  readonly message: string;
  /** The field's name rather than its value. */
  readonly atKey?: boolean;
  /** Offset into the text of the value, in UTF-16 units. */
  readonly offset?: number;
}

export const error = (path: Path, message: string, place: Partial<Complaint> = {}): Complaint => ({
  severity: 'error',
  path,
  message,
  ...place,
});
export const warning = (path: Path, message: string, place: Partial<Complaint> = {}): Complaint => ({
  severity: 'warning',
  path,
  message,
  ...place,
});
export const note = (path: Path, message: string): Complaint => ({ severity: 'note', path, message });

export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );

/** The path that a text such as `spec.steps[0].setWeight` says. */
export const pathOf = (text: string): Path =>
  Array.from(text.matchAll(/\[(\d+)\]|[^.[\]]+/g), ([whole, index]) => (index === undefined ? whole : Number(index)));
