export { mortalClient } from './mortal-client.ts';
export type { MortalClient } from './mortal-client.ts';
export { TestWorld, refOf, startWorld } from './test-world.ts';
export type { WorldParts } from './test-world.ts';
export { waitUntil } from './wait-until.ts';
