import { defineProject } from 'vitest/config';

// Jobs of a cluster that the tests start themselves: on a busy machine that takes its time.
export default defineProject({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
