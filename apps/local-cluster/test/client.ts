// A small client for tests: JSON calls and watches over real HTTP.
import http from 'node:http';
import type { Json } from '../src/storage/values.ts';

export interface Answer {
  readonly code: number;
  readonly body: Json;
  readonly headers: http.IncomingHttpHeaders;
}

export interface Watching {
  /** Everything that has come, in order. */
  readonly events: Json[];
  /** Set when the stream has ended: `end` in good order, `broken` otherwise. */
  ended: 'end' | 'broken' | undefined;
  /** Resolves when the server watches: what it does from then on is seen. */
  opened(): Promise<void>;
  /** Resolves when what has come passes the test, or fails after a minute. */
  until(test: (events: Json[]) => boolean): Promise<Json[]>;
  close(): void;
}

export interface Client {
  call(method: string, path: string, body?: unknown, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
  merge(path: string, body: unknown): Promise<Answer>;
  /** `path` with its query, without `watch`. */
  watch(path: string): Watching;
  close(): void;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function connect(url: string): Client {
  const agent = new http.Agent({ keepAlive: true });
  const call: Client['call'] = (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const all = {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      };
      const request = http.request(url + path, { method, agent, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (c: Buffer) => chunks.push(c));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          let json: Json = answer;
          try {
            json = JSON.parse(answer);
          } catch {
            // Text it is.
          }
          resolve({ code: response.statusCode ?? 0, body: json, headers: response.headers });
        });
      });
      request.on('error', reject);
      request.end(text);
    });
  return {
    call,
    merge: (path, body) => call('PATCH', path, body, { 'content-type': 'application/merge-patch+json' }),
    watch: (path) => watch(url, path),
    close: () => agent.destroy(),
  };
}

function watch(url: string, path: string): Watching {
  let answer: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const events: Json[] = [];
  const watching: Watching = {
    events,
    ended: undefined,
    opened: () => answered,
    async until(test) {
      const end = Date.now() + 60_000;
      while (!test(events)) {
        if (Date.now() > end)
          throw new Error(
            `the watch of ${path} has only seen ${JSON.stringify(events.map((e) => [e.type, e.object?.metadata?.name]))}`,
          );
        await pause(10);
      }
      return events;
    },
    close: () => void request.destroy(),
  };
  const request = http.get(`${url}${path}${path.includes('?') ? '&' : '?'}watch=true`, (response) => {
    answer();
    let rest = '';
    response.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line));
    });
    response.on('end', () => (watching.ended = 'end'));
    response.on('error', () => (watching.ended = 'broken'));
  });
  request.on('error', () => (watching.ended = 'broken'));
  return watching;
}
