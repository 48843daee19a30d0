import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';
import { findTool } from '../../first-stage/tools.mjs';
import { createChildren } from '../children.ts';
import type { Session } from '../session.ts';
import { startPrometheus } from './prometheus.ts';
import { startStandIn } from './stand-in.ts';

const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-prometheus-'));
const children = createChildren({ folder: temp });
const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
afterAll(async () => {
  await children.stop();
  fs.rmSync(temp, { recursive: true, force: true });
});

/** A program that tells of requests, a tenth of which fail. */
async function program(): Promise<string> {
  let count = 0;
  const server = http.createServer((_, response) => {
    count += 10;
    response.end(`requests_total{code="200"} ${count * 0.9}\nrequests_total{code="500"} ${count * 0.1}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

const share = 'sum(rate(requests_total{code=~"5.."}[10s])) / sum(rate(requests_total[10s]))';

async function answerOf(url: string, query: string, method: 'GET' | 'POST'): Promise<string | undefined> {
  const parameters = new URLSearchParams({ query });
  const response = await (method === 'POST'
    ? fetch(`${url}/api/v1/query`, { method, body: parameters })
    : fetch(`${url}/api/v1/query?${parameters.toString()}`));
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result[0]?.value[1];
}

async function untilAnswered(url: string, query: string, method: 'GET' | 'POST'): Promise<string> {
  for (const endAt = Date.now() + 60_000; Date.now() < endAt; await sleep(100)) {
    const answer = await answerOf(url, query, method);
    if (answer !== undefined) return answer;
  }
  throw new Error(`no answer to ${query}`);
}

it('the stand-in scrapes, and answers by GET and POST', { timeout: 240_000 }, async () => {
  const target = { job: 'shop', url: await program() };
  const { url, stop } = await startStandIn({
    targets: [target, { job: 'away', url: 'http://127.0.0.1:1/' }],
    everyMs: 50,
  });
  endings.push(stop);
  for (const method of ['GET', 'POST'] as const)
    expect(Number(await untilAnswered(url, share, method))).toBeCloseTo(0.1, 5);
  expect(await untilAnswered(url, 'up{job="shop"}', 'GET')).toBe('1');
  expect(await untilAnswered(url, 'up{job="away"}', 'GET')).toBe('0');
  expect((await fetch(`${url}/-/ready`)).status).toBe(200);
  const refused = await fetch(`${url}/api/v1/query?query=topk(1,up)`);
  expect([refused.status, ((await refused.json()) as { errorType: string }).errorType]).toEqual([400, 'bad_data']);
  expect((await fetch(`${url}/api/v1/labels`)).status).toBe(404);
});

it(
  'what is there answers, a real Prometheus or a stand-in, and ends with the session',
  { timeout: 240_000 },
  async () => {
    const session: Session = {
      children,
      temp,
      signal: new AbortController().signal,
      atEnd: (action) => void endings.push(action),
    };
    const said: string[] = [];
    const targets = [{ job: 'shop', url: await program() }];
    const { url, kind } = await startPrometheus(session, { targets, say: (line) => said.push(line), install: false });
    expect(kind).toBe(findTool('prometheus') ? 'prometheus' : 'stand-in');
    if (kind === 'stand-in')
      expect(said).toEqual([expect.stringMatching(/^Prometheus is not installed .* a stand-in answers/)]);
    else expect(said).toEqual([]);
    expect(Number(await untilAnswered(url, share, 'POST'))).toBeCloseTo(0.1, 5);
  },
);
