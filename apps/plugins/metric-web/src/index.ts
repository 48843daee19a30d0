export { introduction } from './introduction.ts';
export { createWebProvider } from './provider.ts';
export type { WebSettings } from './settings.ts';
