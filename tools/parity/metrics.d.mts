// Types of metrics.mjs, which stays as it was recorded with.
export function startMetrics(port?: number): Promise<{ readonly url: string; close(): void }>;
