export * from './api/index.ts';
export * from './names.ts';
