export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions);
}
export function failWith(error: unknown): never;
