export { startProviderProcess } from './provider-process.ts';
export type { ProviderProcess } from './provider-process.ts';
export { json, startServer } from './servers.ts';
export type { Respond, Seen, TestServer } from './servers.ts';
