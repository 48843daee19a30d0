import { defineProject } from 'vitest/config';

// Many tests wait for something that a server or another process does: on a busy machine that takes its time.
export default defineProject({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
