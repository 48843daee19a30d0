import type { RouterCalls } from './execution.ts';

/**
 * For an installation without routers: the engine holds Rollouts that name one (`noCapabilities`), and knows that there is nobody to give
 * anything back.
 */
export const noRouters: RouterCalls = {
  apply: ({ router }) => Promise.reject(new Error(`traffic router "${router}" is not installed`)),
  release: () => Promise.resolve('resting'),
};
