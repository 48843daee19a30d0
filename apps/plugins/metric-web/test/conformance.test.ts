// Every rule of the contract, over real gRPC.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import { createMetricHttp } from '@sluice/metric-http';
import { servePlugin } from '@sluice/plugin-sdk';
import { createWebProvider, introduction } from '../src/index.ts';

const secret = 's3cret-value';

testConformance({
  type: 'metric',
  // A question that is answered within its call leaves nothing behind.
  without: ['ending', 'endless', 'left-behind', 'side-effects'],
  async start() {
    let asked = 0;
    let running = 0;
    const backEnd = http.createServer((request, response) => {
      asked++;
      running++;
      response.on('close', () => running--);
      if (request.url === '/hangs') return;
      if (request.url === '/fails') return void response.writeHead(500).end();
      response.end(JSON.stringify({ value: 0.5, nothing: [], said: request.headers.authorization }));
    });
    await new Promise<void>((resolve) => backEnd.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(backEnd.address() as AddressInfo).port}`;
    const lines: string[] = [];
    const log = (fields: object, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`);
    const client = createMetricHttp({ userAgent: 'test', env: {} });
    const serve = (port: number) =>
      servePlugin(
        { ...introduction, metric: createWebProvider(client) },
        { port, logger: { debug: log, info: log, warn: log, error: log } },
      );
    let plugin = await serve(0);
    const { address } = plugin;
    return {
      target: {
        address,
        stop: () => plugin.stop(200),
        async restart() {
          await plugin.stop(0);
          plugin = await serve(Number(address.split(':').at(-1)));
        },
      },
      metricWorld: {
        samples: {
          value: { url, jsonPath: '{$.value}' },
          noData: { url, jsonPath: '{$.nothing}' },
          failing: { url: `${url}/fails` },
          hanging: { url: `${url}/hangs`, timeoutSeconds: 60 },
          secret: {
            text: secret,
            config: { url: `${url}/?token=${secret}`, headers: [{ key: 'Authorization', value: `Bearer ${secret}` }] },
          },
        },
        asked: async () => asked,
        running: async () => running,
        logged: () => lines.join('\n'),
      },
      async stop() {
        await plugin.stop(0);
        await client.close();
        backEnd.closeAllConnections();
        backEnd.close();
      },
    };
  },
});
