// Every rule of the contract, over real gRPC.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import { createMetricHttp } from '@sluice/metric-http';
import { servePlugin } from '@sluice/plugin-sdk';
import { createPrometheusProvider, introduction } from '../src/index.ts';
import { succeed, vector } from './measuring.ts';

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
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const query = new URLSearchParams(Buffer.concat(chunks).toString()).get('query');
        if (query === 'hangs') return;
        if (query === 'fails') return void response.writeHead(503).end();
        const warnings = [`${request.headers.authorization} asks ${query}`];
        succeed(response, query === 'nothing' ? vector() : vector('0.5', 'NaN'), { warnings });
      });
    });
    await new Promise<void>((resolve) => backEnd.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(backEnd.address() as AddressInfo).port}`;
    const lines: string[] = [];
    const log = (fields: object, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`);
    const client = createMetricHttp({ userAgent: 'test', env: {} });
    const serve = (port: number) =>
      servePlugin(
        { ...introduction, metric: createPrometheusProvider({ http: client, addresses: [address] }) },
        { port, logger: { debug: log, info: log, warn: log, error: log } },
      );
    let plugin = await serve(0);
    const served = plugin.address;
    return {
      target: {
        address: served,
        stop: () => plugin.stop(200),
        async restart() {
          await plugin.stop(0);
          plugin = await serve(Number(served.split(':').at(-1)));
        },
      },
      metricWorld: {
        samples: {
          value: { query: 'up' },
          noData: { query: 'nothing' },
          failing: { query: 'fails' },
          hanging: { query: 'hangs', timeout: 60 },
          secret: {
            text: secret,
            config: { query: `up{a="${secret}"}`, headers: [{ key: 'Authorization', value: `Bearer ${secret}` }] },
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
