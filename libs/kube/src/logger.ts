/** What this library logs through; pino's logger fits. */
export interface KubeLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const discard = (): void => undefined;

export const silentLogger: KubeLogger = { debug: discard, info: discard, warn: discard, error: discard };
