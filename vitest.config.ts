import { defineConfig } from 'vitest/config';

// One run over every project: `npm test`. Inside a project, `npx nx test NAME` runs just its own files.
export default defineConfig({
  test: {
    // Machines are shared, small and noisy: a test fails because something is wrong, never because it was slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: ['apps/!(plugins)', 'apps/plugins/*', 'libs/*', 'tools/*'],
  },
});
