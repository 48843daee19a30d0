import fs from 'node:fs';
import path from 'node:path';
import { valuesSchema } from './values-schema.ts';

const folder = path.join(import.meta.dirname, '../../../charts');

/** Names of the charts: each folder with a Chart.yaml. */
export function charts(): readonly string[] {
  return fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, 'Chart.yaml')));
}

export const fileOf = (chart: string, ...names: readonly string[]): string => path.join(folder, chart, ...names);

/** What `values.schema.json` of a chart has to hold, as text. */
export function schemaText(chart: string): string {
  const schema = valuesSchema(chart, fs.readFileSync(fileOf(chart, 'values.yaml'), 'utf8'));
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
