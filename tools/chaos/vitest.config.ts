import { defineProject } from 'vitest/config';

// Each file has a cluster and services of its own: on a busy machine that takes its time.
export default defineProject({ test: { testTimeout: 180_000, hookTimeout: 60_000 } });
