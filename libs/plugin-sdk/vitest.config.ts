import { defineConfig } from 'vitest/config';

// What is polled for has a minute to come true: machines are shared, and nothing is gained by being told sooner.
export default defineConfig({ test: { expect: { poll: { timeout: 60_000 } } } });
