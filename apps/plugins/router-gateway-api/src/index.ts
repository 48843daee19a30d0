export { createGatewayRouter, fieldManager } from './router.ts';
export type { GatewayRouterOptions } from './router.ts';
export { introduction } from './introduction.ts';
export type { GatewaySettings } from './settings.ts';
