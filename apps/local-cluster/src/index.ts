export * from './clock.ts';
export * from './storage/store.ts';
export { StatusError } from './storage/status-error.ts';
