import type http from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { KubeError, errorOfAnswer } from './errors.ts';
import type { KubeObject } from './resources.ts';

/** BOOKMARK objects carry only `metadata.resourceVersion`. An ERROR event of the server is thrown as KubeError instead (410 → `Expired`). */
export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface StreamLimits {
  /** A stream that brings nothing for so long is taken for dead: KubeError `Timeout`. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal;
  /** For error texts. */
  readonly call: string;
}

/** Reads the lines of a watch as events; ends when the server ends the stream. Destroys the stream on every way out. */
export async function* readWatch<T extends KubeObject>(
  answer: http.IncomingMessage,
  limits: StreamLimits,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { call, idleTimeoutMs, signal } = limits;
  const end = (error: KubeError): void => void answer.destroy(error);
  const onAbort = (): void =>
    end(new KubeError({ code: 'Aborted', message: `${call}: given up by the caller`, cause: signal?.reason }));
  const onIdle = (): void =>
    end(new KubeError({ code: 'Timeout', message: `${call}: the watch was silent for ${idleTimeoutMs} ms` }));
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  let idle = setTimeout(onIdle, idleTimeoutMs);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of answer) {
      clearTimeout(idle);
      idle = setTimeout(onIdle, idleTimeoutMs);
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield parseEvent<T>(line, call);
    }
    // A server that dies in the middle of a line closes the stream; the half event comes again with the next watch.
  } catch (cause) {
    throw cause instanceof KubeError
      ? cause
      : new KubeError({ code: 'Network', message: `${call}: ${(cause as Error).message}`, reason: 'Lost', cause });
  } finally {
    clearTimeout(idle);
    signal?.removeEventListener('abort', onAbort);
    answer.destroy();
  }
}

function parseEvent<T extends KubeObject>(line: string, call: string): WatchEvent<T> {
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (cause) {
    throw new KubeError({
      code: 'Protocol',
      message: `${call}: the watch brought a line that is not JSON: ${line.slice(0, 120)}`,
      cause,
    });
  }
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type: event.type, object: event.object as T };
    case 'ERROR': {
      const status = (event.object as { code?: number } | undefined)?.code ?? 500;
      throw errorOfAnswer(call, status, event.object);
    }
    default:
      throw new KubeError({
        code: 'Protocol',
        message: `${call}: the watch brought an event of unknown type ${String(event.type)}`,
      });
  }
}
