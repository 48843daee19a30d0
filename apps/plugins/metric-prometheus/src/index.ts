export { introduction } from './introduction.ts';
export { createPrometheusProvider } from './provider.ts';
export type { PrometheusOptions } from './provider.ts';
export type { PrometheusSettings } from './settings.ts';
