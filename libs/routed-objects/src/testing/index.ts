export { createRouterWorld } from './router-world.ts';
export type { MadeRollout, Names, Place, RouteFixture, WorldOptions } from './router-world.ts';
export { watchClient } from './watched-client.ts';
export type { ClientFaults, WatchedClient } from './watched-client.ts';
export { serveRouter } from './served-router.ts';
export type { ServeRouterOptions, ServedRouter, TestCluster } from './served-router.ts';
