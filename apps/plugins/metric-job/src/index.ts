export { introduction } from './introduction.ts';
export { createJobProvider } from './provider.ts';
export type { JobProviderOptions } from './provider.ts';
export type { JobSettings } from './settings.ts';
