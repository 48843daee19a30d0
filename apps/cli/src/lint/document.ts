import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit, type Document, type Node } from 'yaml';
import { withoutNulls, type KindName, type KubeObject } from '@sluice/model';
import { kindOf } from '../manifest.ts';
import { pathText, type Complaint, type Finding, type Path } from './finding.ts';
import { offsetInSource } from './scalar-place.ts';

/** An object of ours in a file, and where each part of it stands there. */
export interface LintDocument {
  readonly object: KubeObject;
  readonly file: string;
  readonly kind: KindName | undefined;
  readonly name: string;
  readonly namespace: string | undefined;
  finding(complaint: Complaint): Finding;
}

export interface LintFile {
  readonly documents: readonly LintDocument[];
  /** What is not YAML, or no object. */
  readonly findings: readonly Finding[];
}

/** Places of one file. */
class Source {
  readonly file: string;
  readonly #text: string;
  readonly #lines: readonly string[];
  readonly lineCounter = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#lines = text.split('\n');
  }

  get text(): string {
    return this.#text;
  }

  at(offset: number): Pick<Finding, 'file' | 'line' | 'column' | 'sourceLine'> {
    const { line, col } = this.lineCounter.linePos(offset);
    const sourceLine = (this.#lines[line - 1] ?? '').replace(/\r$/, '');
    return { file: this.file, line, column: Array.from(sourceLine.slice(0, col - 1)).length + 1, sourceLine };
  }
}

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

const resolved = (node: Node | undefined, document: Document): Node | undefined =>
  isAlias(node) ? node.resolve(document) : node;

const child = (node: Node | undefined, part: string | number): Found | undefined => {
  if (isSeq(node) && typeof part === 'number') {
    const value = node.items[part] as Node | undefined;
    return value && { key: undefined, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair && { key: pair.key as Node, value: (pair.value ?? undefined) as Node | undefined };
};

/** The field at a path, or the innermost one around it that is there. */
const nodeAt = (document: Document, path: Path): Found & { readonly whole: boolean } => {
  let found: Found = { key: undefined, value: document.contents ?? undefined };
  for (const part of path) {
    const next = child(resolved(found.value, document), part);
    if (next === undefined) return { ...found, whole: false };
    found = next;
  }
  return { ...found, whole: true };
};

const placeOf = (source: Source, document: Document, { path, atKey, offset }: Complaint): number => {
  const { key, value, whole } = nodeAt(document, path);
  const node = (whole && atKey !== true ? value : key) ?? key ?? value;
  const target = resolved(node, document) ?? node;
  if (whole && offset !== undefined && isScalar(target)) return offsetInSource(source.text, target, offset);
  return node?.range?.[0] ?? 0;
};

const lintDocument = (source: Source, document: Document, read: KubeObject): LintDocument => {
  const kind = kindOf(read);
  const object = kind === undefined ? read : withoutNulls(kind, read);
  const name = object.metadata?.name ?? '';
  return {
    object,
    file: source.file,
    kind,
    name,
    namespace: object.metadata?.namespace,
    finding: (complaint) => ({
      severity: complaint.severity,
      ...source.at(placeOf(source, document, complaint)),
      object: `${object.kind ?? 'object'}/${name}`,
      path: pathText(complaint.path),
      message: complaint.message,
    }),
  };
};

/** The value of a document; undefined when its aliases lead nowhere, or to so much that it is meant to do harm. */
const valueOf = (document: Document, complain: (offset: number, message: string) => void): unknown => {
  try {
    return document.toJS();
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    let offset = document.contents?.range?.[0] ?? 0;
    visit(document, {
      Alias: (_key, alias) => {
        if (alias.resolve(document) !== undefined) return undefined;
        offset = alias.range?.[0] ?? offset;
        return visit.BREAK;
      },
    });
    complain(offset, cause.message);
    return undefined;
  }
};

/** Reads a text of YAML or JSON documents. Never throws: what cannot be read is a finding. */
export const readDocuments = (text: string, file: string): LintFile => {
  const source = new Source(file, text);
  const documents: LintDocument[] = [];
  const findings: Finding[] = [];
  const complain = (offset: number, message: string): void =>
    void findings.push({ severity: 'error', ...source.at(offset), message });
  for (const document of parseAllDocuments(text, { merge: true, lineCounter: source.lineCounter })) {
    for (const { pos, message } of document.errors) complain(pos[0], message.split(' at line ')[0] ?? message);
    if (document.errors.length > 0) continue;
    const object = valueOf(document, complain);
    if (object === null || object === undefined) continue;
    if (typeof object !== 'object' || Array.isArray(object))
      complain(document.contents?.range?.[0] ?? 0, 'expected a Kubernetes object with apiVersion, kind and metadata');
    else documents.push(lintDocument(source, document, object as KubeObject));
  }
  return { documents, findings };
};
