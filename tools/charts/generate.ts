import fs from 'node:fs';
import { charts, fileOf, schemaText } from './src/charts.ts';

// npm run values-schemas: writes charts/*/values.schema.json again.
for (const chart of charts()) {
  fs.writeFileSync(fileOf(chart, 'values.schema.json'), schemaText(chart));
  console.log(`charts/${chart}/values.schema.json`);
}
