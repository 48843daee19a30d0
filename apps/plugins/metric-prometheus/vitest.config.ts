import { defineProject } from 'vitest/config';

// Random histories, and servers of their own: on a busy machine that takes its time.
export default defineProject({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
