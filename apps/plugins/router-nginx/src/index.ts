export { createNginxRouter, fieldManager } from './router.ts';
export type { NginxRouterOptions } from './router.ts';
export { introduction } from './introduction.ts';
export type { NginxSettings } from './settings.ts';
