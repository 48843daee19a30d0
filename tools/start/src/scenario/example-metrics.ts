import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in the manifests of an example for the address of a server that has metrics. */
export const metricsAddress = 'http://metrics.example';

/** A small server of numbers, for examples that measure. It starts when somebody needs its address. */
export interface ExampleMetrics {
  /** What a path answers from now on, as JSON. Paths that were never set answer 404. */
  set(answers: Readonly<Record<string, unknown>>): void;
  /** Objects with its address in the place of `http://metrics.example`. */
  named<T>(objects: T): Promise<T>;
  stop(): Promise<void>;
}

export function createExampleMetrics(): ExampleMetrics {
  const answers = new Map<string, string>();
  let started: Promise<http.Server> | undefined;

  const start = () =>
    (started ??= new Promise((resolve, reject) => {
      const server = http.createServer((request, response) => {
        request.resume();
        const answer = answers.get(new URL(request.url ?? '/', metricsAddress).pathname);
        response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(answer);
      });
      server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
    }));

  return {
    set(changed) {
      for (const [path, value] of Object.entries(changed)) answers.set(path, JSON.stringify(value));
    },
    async named(objects) {
      const text = JSON.stringify(objects);
      if (!text.includes(metricsAddress)) return objects;
      const { port } = (await start()).address() as AddressInfo;
      return JSON.parse(text.replaceAll(metricsAddress, `http://127.0.0.1:${port}`)) as typeof objects;
    },
    async stop() {
      const server = await started;
      server?.closeAllConnections();
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    },
  };
}
