import type { RouterCalls } from './execution.ts';

/**
 * For an installation without routers: the engine holds Rollouts that name one (`noCapabilities`), so that only giving back can be asked
 * for, and there is nobody to ask.
 */
export const noRouters: RouterCalls = {
  apply: ({ router }) => Promise.reject(new Error(`traffic router "${router}" is not installed`)),
  release: () => Promise.resolve(),
};
