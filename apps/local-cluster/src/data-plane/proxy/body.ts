// A request's body is kept whole, so that a request which reached nobody can be sent again.
import type { IncomingMessage } from 'node:http';

export const bodyLimitBytes = 1024 * 1024;

/** Undefined when it is larger than `bodyLimitBytes`. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
