import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Node, Pair, Scalar, YAMLMap } from 'yaml';
import { closed, shapes } from './shapes.ts';
import type { Schema } from './shapes.ts';

const startLine = /^ ?/gm;

/**
 * The schema of a chart whose defaults are this values.yaml: the keys that stand there and no others. Helm itself adds `global`, which parents share with their
 * subcharts. Throws an Error that names the value whose shape does not follow from its default and has no entry in shapes.ts.
 */
export function valuesSchema(chart: string, valuesYaml: string): Schema {
  const document = parseDocument(valuesYaml);
  if (document.errors[0]) throw document.errors[0];
  if (!isMap(document.contents)) throw new Error(`${chart}: values.yaml holds no map`);
  const { properties } = ofMap(document.contents as YAMLMap<Scalar, Node>, chart);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `Values of the chart ${chart}`,
    ...closed({ ...properties, global: { type: 'object' } }),
  };
}

function ofMap(map: YAMLMap<Scalar, Node>, path: string): { readonly properties: Record<string, Schema> } & Schema {
  const properties: Record<string, Schema> = {};
  for (const pair of map.items) {
    const key = String(pair.key.value);
    const description = commentOf(pair);
    properties[key] = { ...(description && { description }), ...ofValue(key, pair.value, `${path}.${key}`) };
  }
  return { ...closed(properties), properties };
}

function ofValue(key: string, value: Node | null, path: string): Schema {
  const known = shapes[key];
  if (known) return known;
  if (isMap(value) && value.items.length > 0) return ofMap(value as YAMLMap<Scalar, Node>, path);
  if (isSeq(value) || isMap(value) || !isScalar(value) || value.value === null)
    throw new Error(
      `${path}: its default does not say what may stand there: add "${key}" to tools/charts/src/shapes.ts`,
    );
  if (typeof value.value === 'number') return { type: Number.isInteger(value.value) ? 'integer' : 'number' };
  return { type: typeof value.value };
}

/** The comment above a value: what editors show of it. */
function commentOf({ key }: Pair<Scalar, Node>): string | undefined {
  const paragraphs = key.commentBefore?.split(/\n\s*\n/) ?? [];
  return paragraphs.at(-1)?.replaceAll(startLine, '').replaceAll('\n', ' ').trim();
}
