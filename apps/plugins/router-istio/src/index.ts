export { createIstioRouter, fieldManager } from './router.ts';
export type { IstioRouterOptions } from './router.ts';
export { introduction } from './introduction.ts';
export type { IstioSettings } from './settings.ts';
