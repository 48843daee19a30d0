// Label selectors (text and LabelSelector objects) and field selectors.
import { badRequest } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { readPath } from '../schema/field-path.ts';

export type Predicate = (object: KubeObject) => boolean;

type Labels = Record<string, Json>;
type Requirement = (labels: Labels) => boolean;

const reject = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);

/** Reads the words, operators and punctuation of a selector one after the other. */
class SelectorReader {
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#words = text.match(/==|!=|>=|<=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  take(): string | undefined {
    return this.#words[this.#at++];
  }

  /** A name or a value; the empty one where none is written. */
  word(): string {
    const { next } = this;
    if (next === undefined || next === ',') return '';
    if (/^[=!<>(),]/.test(next)) throw reject(`found '${next}', expected: identifier`);
    this.#at++;
    return next;
  }

  /** `(a, b)`. */
  set(): Set<string> {
    if (this.next !== '(') throw reject(`found '${this.next ?? ''}' expected: '('`);
    this.#at++;
    const values = new Set<string>();
    for (;;) {
      const word = this.take();
      if (word === undefined) throw reject(`found '' expected: ',', or ')'`);
      if (word === ')') return values;
      if (word !== ',') values.add(word);
    }
  }
}

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3`, as kubectl's `-l` takes it. */
export function parseLabelSelector(text: string): Requirement[] {
  const reader = new SelectorReader(text);
  const requirements: Requirement[] = [];
  while (reader.next !== undefined) {
    requirements.push(requirement(reader));
    const separator = reader.take();
    if (separator !== undefined && separator !== ',')
      throw reject(`found '${separator}', expected: ',' or 'end of string'`);
  }
  return requirements;
}

function requirement(reader: SelectorReader): Requirement {
  if (reader.next === '!') {
    reader.take();
    const key = reader.word();
    return (l) => l[key] === undefined;
  }
  const key = reader.word();
  if (key === '') throw reject(`found '${reader.next ?? ''}', expected: !, identifier, or 'end of string'`);
  if (reader.next === undefined || reader.next === ',') return (l) => l[key] !== undefined;
  return comparison(key, reader.take() as string, reader);
}

function comparison(key: string, operator: string, reader: SelectorReader): Requirement {
  switch (operator) {
    case '=':
    case '==': {
      const wanted = reader.word();
      return (l) => l[key] === wanted;
    }
    case '!=': {
      const unwanted = reader.word();
      return (l) => l[key] !== unwanted;
    }
    case 'in': {
      const values = reader.set();
      return (l) => l[key] !== undefined && values.has(l[key]);
    }
    case 'notin': {
      const values = reader.set();
      return (l) => l[key] === undefined || !values.has(l[key]);
    }
    case '>':
    case '<': {
      const bound = Number(reader.word());
      if (!Number.isInteger(bound))
        throw reject(`values[0][${key}]: Invalid value: for 'Gt', 'Lt' operators, the value must be an integer`);
      return (l) => l[key] !== undefined && (operator === '>' ? Number(l[key]) > bound : Number(l[key]) < bound);
    }
    default:
      throw reject(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/** Whether a LabelSelector object (`matchLabels`, `matchExpressions`) selects `labels`. An absent selector selects nothing, an empty one everything. */
export function selectorMatches(selector: Json, labels: Labels): boolean {
  if (!selector) return false;
  for (const [k, v] of Object.entries(selector.matchLabels ?? {})) if (labels[k] !== v) return false;
  for (const e of selector.matchExpressions ?? []) {
    const has = labels[e.key] !== undefined;
    const among = (e.values ?? []).includes(labels[e.key]);
    if (e.operator === 'In' && !(has && among)) return false;
    if (e.operator === 'NotIn' && has && among) return false;
    if (e.operator === 'Exists' && !has) return false;
    if (e.operator === 'DoesNotExist' && has) return false;
  }
  return true;
}

export function selectorFaults(selector: Json): string[] {
  const operators = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  return (selector?.matchExpressions ?? [])
    .filter((e: Json) => !operators.has(e.operator))
    .map((e: Json) => `"${e.operator}" is not a valid label selector operator`);
}

/** A LabelSelector object as text, as Scale objects carry it. */
export function selectorText(selector: Json): string {
  const parts = Object.entries(selector?.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`);
  for (const e of selector?.matchExpressions ?? []) {
    if (e.operator === 'Exists') parts.push(e.key);
    else if (e.operator === 'DoesNotExist') parts.push(`!${e.key}`);
    else parts.push(`${e.key} ${e.operator === 'In' ? 'in' : 'notin'} (${[...(e.values ?? [])].sort().join(',')})`);
  }
  return parts.sort().join(',');
}

// Fields beyond metadata.name and metadata.namespace that lists may be narrowed by.
const selectableFields: Record<string, readonly string[]> = {
  '/pods': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  '/events': [
    ...[
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
    ],
    ...['reason', 'reportingComponent', 'source', 'type'],
  ],
  '/namespaces': ['status.phase'],
  '/nodes': ['spec.unschedulable'],
  '/secrets': ['type'],
  '/services': ['spec.clusterIP', 'spec.type'],
  'apps/replicasets': ['status.replicas'],
  'batch/jobs': ['status.successful'],
};

function fieldValue(info: ResourceInfo, object: KubeObject, field: string): string {
  if (info.resource === 'events' && field === 'source')
    return String(object.source?.component ?? object.reportingComponent ?? '');
  if (field === 'spec.hostNetwork' || field === 'spec.unschedulable') return String(readPath(object, field) ?? false);
  return String(readPath(object, field) ?? '');
}

/** `metadata.name=a,status.phase!=Running`. */
function parseFieldSelector(info: ResourceInfo, text: string): Predicate[] {
  const known = selectableFields[`${info.group}/${info.resource}`] ?? [];
  return text
    .split(',')
    .filter((t) => t !== '')
    .map((term) => {
      const m = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
      if (!m) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = m;
      if (field !== 'metadata.name' && field !== 'metadata.namespace' && !known.includes(field))
        throw badRequest(`field label not supported: ${field}`);
      return (o: KubeObject): boolean => (fieldValue(info, o, field) === value) !== (operator === '!=');
    });
}

const none: Labels = {};

/** The predicate of a list or watch; undefined when it selects everything. Throws 400 with the server's text when a selector cannot be read. */
export function selection(
  info: ResourceInfo,
  labelSelector: string | undefined,
  fieldSelector: string | undefined,
): Predicate | undefined {
  const byLabel = labelSelector ? parseLabelSelector(labelSelector) : [];
  const byField = fieldSelector ? parseFieldSelector(info, fieldSelector) : [];
  if (byLabel.length === 0 && byField.length === 0) return undefined;
  return (o) => byLabel.every((r) => r(o.metadata.labels ?? none)) && byField.every((p) => p(o));
}
