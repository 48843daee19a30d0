import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createLogger, createMetrics, createStatusServer } from '../src/index.ts';
import type { Checks } from '../src/index.ts';

describe('the status server', () => {
  async function answers(checks: Checks): Promise<{ status: number; body: unknown }> {
    const server = createStatusServer({
      host: '127.0.0.1',
      port: 0,
      metrics: createMetrics({ processMetrics: false }),
      ready: checks,
    });
    const answer = await server.app.inject('/readyz');
    return { status: answer.statusCode, body: answer.json() };
  }

  it('is ready when every check says so', async () => {
    expect(await answers({ cache: () => true, lease: () => Promise.resolve(true) })).toEqual({
      status: 200,
      body: { ok: true },
    });
  });

  it('names each check that fails and why, also when it throws', async () => {
    const checks = {
      good: () => true,
      cache: () => 'still listing',
      bare: () => false,
      broken: () => Promise.reject(new Error('boom')),
    };
    expect(await answers(checks)).toEqual({
      status: 503,
      body: {
        ok: false,
        failing: [
          { check: 'cache', reason: 'still listing' },
          { check: 'bare', reason: 'failed' },
          { check: 'broken', reason: 'boom' },
        ],
      },
    });
  });

  it('serves metrics on a free port and reports its address', async () => {
    const metrics = createMetrics();
    metrics.counter({ name: 'things_total', help: 'Things.' }).inc(3);
    const server = createStatusServer({ host: '127.0.0.1', port: 0, metrics });
    const address = await server.start();
    const text = await (await fetch(`${address}/metrics`)).text();
    await server.stop();
    expect(text).toContain('sluice_things_total 3');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('says in one sentence that a port is taken and how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const server = createStatusServer({ host: '127.0.0.1', port, metrics: createMetrics({ processMetrics: false }) });
    await expect(server.start()).rejects.toThrow(
      `127.0.0.1:${port} is taken by another program. Choose another port with --http-port (0 takes a free one).`,
    );
    await server.stop();
    other.close();
  });
});

describe('metrics', () => {
  it("drops all series of an object that is gone and keeps the others'", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const runs = metrics.counter({ name: 'runs_total', help: 'Runs.', labels: ['namespace', 'name', 'result'] });
    const seconds = metrics.histogram({ name: 'run_seconds', help: 'Time.', labels: ['namespace', 'name'] });
    const queue = metrics.gauge({ name: 'queue', help: 'Queue.', labels: ['lane'] });
    for (const name of ['gone', 'stays', 'also-gone']) {
      runs.inc({ namespace: 'a', name, result: 'ok' });
      runs.inc({ namespace: 'a', name, result: 'failed' });
      seconds.observe({ namespace: 'a', name }, 0.2);
    }
    queue.set({ lane: 'normal' }, 1);
    await Promise.all([
      metrics.forget({ namespace: 'a', name: 'gone' }),
      metrics.forget({ namespace: 'a', name: 'also-gone' }),
    ]);
    const text = await metrics.registry.metrics();
    expect(text).not.toContain('gone');
    expect(text).toContain('sluice_runs_total{namespace="a",name="stays",result="failed"} 1');
    expect(text).toContain('sluice_run_seconds_count{namespace="a",name="stays"} 1');
    expect(text).toContain('sluice_queue{lane="normal"} 1');
  });

  it('asks a gauge for its value at the scrape', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.gauge({ name: 'age_seconds', help: 'Age.', collect: (gauge) => gauge.set(7) });
    expect(await metrics.registry.metrics()).toContain('sluice_age_seconds 7');
  });
});

describe('logs', () => {
  function logged(format: 'json' | 'text', write: (logger: ReturnType<typeof createLogger>) => void): string {
    const lines: string[] = [];
    write(createLogger({ name: 'demo', level: 'info', format, destination: { write: (line) => lines.push(line) } }));
    return lines.join('');
  }

  it('are JSON with level, time, service, fields and message', () => {
    const line = JSON.parse(logged('json', (logger) => logger.info({ rollout: 'a/b' }, 'reconciled'))) as Record<
      string,
      unknown
    >;
    expect(line).toMatchObject({ level: 'info', service: 'demo', rollout: 'a/b', msg: 'reconciled' });
    expect(line['time']).toMatch(/^\d{4}-.*Z$/);
  });

  it('hide secrets wherever they are called so', () => {
    const text = logged('json', (logger) =>
      logger.warn({ token: 'one', request: { headers: { authorization: 'two' } } }, 'x'),
    );
    expect(text).not.toMatch(/one|two/);
  });

  it('carry the code and the causes of an error', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'Conflict' });
    const line = JSON.parse(logged('json', (logger) => logger.error({ error }, 'failed'))) as { error: unknown };
    expect(line.error).toMatchObject({ message: 'outer', code: 'Conflict', cause: { message: 'inner' } });
  });

  it('are one readable line each as text, without stacks', () => {
    const text = logged('text', (logger) =>
      logger.error({ rollout: 'a/b', error: new Error('no such thing') }, 'could not do it'),
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR demo: could not do it rollout=a\/b error="no such thing"\n$/);
  });
});
