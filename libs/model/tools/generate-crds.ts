// Writes charts/sluice/crds from the schemas of libs/model. Usage: npm run crds
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { customResourceDefinitionFiles } from './custom-resource-definitions.ts';

const folder = fileURLToPath(new URL('../../../charts/sluice/crds/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, text] of customResourceDefinitionFiles()) writeFileSync(folder + name, text);
