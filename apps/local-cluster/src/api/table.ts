// Lists as tables, the form that kubectl asks for when it prints.
import type { CustomDefinitions } from '../registry/custom-definitions.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { readAll } from '../schema/field-path.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { columnsOf } from './columns.ts';
import { age } from './duration-text.ts';
import { jsonOf } from './encode.ts';

/** How much of each object goes along with its row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableView {
  readonly definitions: readonly Json[];
  row(object: KubeObject): string;
}

interface Definition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

const nameColumn: Definition = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
};

interface Cells {
  readonly definitions: Definition[];
  cells(object: KubeObject): Json[];
}

function builtinCells(info: ResourceInfo, nowMs: number): Cells {
  const columns = columnsOf(info.group, info.resource);
  return {
    definitions: columns.map((c) => ({
      name: c.name,
      type: c.type,
      format: '',
      description: '',
      priority: c.wide ? 1 : 0,
    })),
    cells: (object) => columns.map((c) => c.cell(object, nowMs) ?? null),
  };
}

/** A cell of a custom column: dates as ages, other values as they are, several values joined. */
function customCell(object: KubeObject, type: string, path: string, nowMs: number): Json {
  const values = readAll(object, path);
  if (values.length === 0) return null;
  const value = values[0];
  switch (type) {
    case 'date':
      return typeof value === 'string' ? age(value, nowMs) : null;
    case 'integer':
      return typeof value === 'number'
        ? Math.trunc(value)
        : typeof value === 'string' && /^-?\d+$/.test(value)
          ? Number(value)
          : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(',');
  }
}

function customCells(columns: NonNullable<ReturnType<CustomDefinitions['version']>>['columns'], nowMs: number): Cells {
  return {
    definitions: columns.map((c) => ({
      name: c.name,
      type: c.type,
      format: c.format ?? '',
      description: c.description ?? `Custom resource definition column (in JSONPath format): ${c.jsonPath}`,
      priority: c.priority,
    })),
    cells: (object) => columns.map((c) => customCell(object, c.type, c.jsonPath, nowMs)),
  };
}

export function tableView(
  definitions: CustomDefinitions,
  info: ResourceInfo,
  version: string,
  nowMs: number,
  include: IncludeObject,
): TableView {
  const custom = definitions.version(info, version);
  const view = custom ? customCells(custom.columns, nowMs) : builtinCells(info, nowMs);
  // Events have a name of their own at the end.
  const named = info.resource !== 'events' || info.group !== '';
  const part = (object: KubeObject): string => {
    if (include === 'Object') return `,"object":${jsonOf(object)}`;
    return include === 'None' ? '' : `,"object":${metadataText(object)}`;
  };
  return {
    definitions: named ? [nameColumn, ...view.definitions] : view.definitions,
    row(object) {
      const cells = view.cells(object);
      return `{"cells":${JSON.stringify(named ? [object.metadata.name, ...cells] : cells)}${part(object)}}`;
    },
  };
}

export const metadataText = (object: KubeObject): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(object.metadata)}}`;

export const tableBody = (view: TableView, objects: readonly KubeObject[], metadata: Record<string, unknown>): string =>
  `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(metadata)},"columnDefinitions":${JSON.stringify(view.definitions)},"rows":[${objects.map((o) => view.row(o)).join(',')}]}`;
