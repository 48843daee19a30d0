import { defineConfig } from 'vitest/config';

// One run over every project: `npm test`. Inside a project, `npx nx test NAME` runs just its own files.
export default defineConfig({
  test: {
    projects: ['apps/!(plugins)', 'apps/plugins/*', 'libs/*', 'tools/*'],
  },
});
