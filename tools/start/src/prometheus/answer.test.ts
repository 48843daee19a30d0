import { describe, expect, it } from 'vitest';
import { answerQuery } from './answer.ts';
import { parseExposition } from './exposition.ts';
import { createScrapedSeries } from './series.ts';

const start = 1_000_000;
const page = (ok: number, bad: number) => `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{service="shop",code="200",path="a \\"b\\"\\n{}, c"} ${ok}
http_requests_total{service="shop",code="500"} ${bad}
http_requests_total{service="other",code="200"} 7
busy 0.25
`;

/** A scrape each second: 20 requests a second, one in four of them fails. */
function scraped(seconds = 10) {
  const series = createScrapedSeries();
  for (let i = 0; i <= seconds; i++) series.add(start + 1000 * i, parseExposition(page(100 + 15 * i, 50 + 5 * i)));
  return series;
}

function ask(query: string, series = scraped(), atMs = start + 10_000): unknown {
  const { status, body } = answerQuery(
    '/api/v1/query',
    new URLSearchParams({ query, time: String(atMs / 1000) }),
    series,
    0,
  );
  const { data, error } = body as { data?: { resultType: string; result: unknown[] }; error?: string };
  if (status !== 200) return error;
  if (data?.resultType === 'scalar') return Number(data.result[1]);
  return (data?.result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => [
    Object.entries(metric)
      .map(([name, text]) => `${name}=${text}`)
      .join(),
    Number(Number(value[1]).toFixed(6)),
  ]);
}

describe('a query', () => {
  it.each([
    ['busy', [['__name__=busy', 0.25]]],
    ['busy + 1', [['', 1.25]]],
    ['1 - busy * 2 / 4', [['', 0.875]]],
    ['-busy', [['', -0.25]]],
    ['-(1 + 2) * 3', -9],
    ['count(http_requests_total)', [['', 3]]],
    ['count({__name__=~"http_.*", service!="other"})', [['', 2]]],
    ['http_requests_total{code="500",}', [['__name__=http_requests_total,service=shop,code=500', 100]]],
    ['http_requests_total{path=~"a \\"b\\".*"}', expect.arrayContaining([[expect.stringContaining('code=200'), 250]])],
    ['sum(rate(http_requests_total{service="shop"}[5s]))', [['', 20]]],
    [
      'sum by (code) (rate(http_requests_total{service="shop"}[5s]))',
      [
        ['code=200', 15],
        ['code=500', 5],
      ],
    ],
    [
      'sum(increase(http_requests_total[4s])) without (path, service)',
      [
        ['code=200', 60],
        ['code=500', 20],
      ],
    ],
    [
      'sum(rate(http_requests_total{service="shop", code=~"5.."}[5s])) / sum(rate(http_requests_total{service="shop"}[5s]))',
      [['', 0.25]],
    ],
    ['sum(nothing) or vector(0)', [['', 0]]],
    ['sum(busy) or vector(0)', [['', 0.25]]],
    ['sum(nothing) / sum(busy)', []],
    ['max(http_requests_total) - min(http_requests_total)', [['', 243]]],
    ['avg(http_requests_total{service="shop"})', [['', 175]]],
    ['scalar(busy) * 100', 25],
    ['rate(busy[500ms])', []],
  ])('%s', (query, answer) => expect(ask(query)).toEqual(answer));

  it.each([
    ['sum(', 'unexpected "the end" at character 5'],
    ['busy busy', 'unexpected "busy" at character 6'],
    ['rate(busy)', 'rate() takes a range: rate(metric[1m])'],
    ['busy[5s]', 'a range such as [5m] is only understood inside rate() and increase()'],
    ['busy[5]', 'expected a duration such as 5m and not "5" at character 6'],
    ['busy{code=500}', 'expected a quoted text after code='],
    ['busy{code=~"("}', 'not a regular expression: ('],
    ['$', 'unexpected "$" at character 1'],
    ['{}', 'a selector needs a name or at least one label'],
    ['sum(1)', 'sum() takes metrics, not a number'],
    ['http_requests_total + {__name__=~"http_.*|busy"} + on(code) busy', expect.stringContaining('"on"')],
  ])('%s is refused: %s', (query, message) => expect(ask(query)).toEqual(message));

  it.each([
    'busy > 1',
    'histogram_quantile(0.9, busy)',
    'busy offset 5m',
    'topk(1, busy)',
    'busy and busy',
    'busy ^ 2',
  ])('%s is said to be more than a stand-in understands', (query) =>
    expect(ask(query)).toContain('is more than the stand-in for Prometheus understands'),
  );

  it('names series that cannot be told apart', () => {
    const series = createScrapedSeries();
    series.add(start, parseExposition('a{x="1"} 1\nb{x="1"} 2\n'));
    expect(ask('{x="1"} + {x="1"}', series, start)).toContain('same labels');
  });
});

describe('time', () => {
  it('ends a series that is not told any more, and one that is told again goes on', () => {
    const series = createScrapedSeries();
    for (const [i, text] of ['a 1\nb 1', 'b 2', 'a 3\nb 3'].entries())
      series.add(start + 1000 * i, parseExposition(text));
    expect(ask('a', series, start + 500)).toHaveLength(1);
    expect(ask('a', series, start + 1500)).toEqual([]);
    expect(ask('a', series, start + 2000)).toEqual([['__name__=a', 3]]);
    expect(ask('b', series, start + 400_000)).toEqual([]);
  });

  it('does not take a counter that began anew for one that fell', () => {
    const series = createScrapedSeries();
    for (const [i, value] of [10, 20, 5, 15, 25].entries()) series.add(start + 1000 * i, parseExposition(`c ${value}`));
    expect(ask('increase(c[4s])', series, start + 4000)).toEqual([['', 35]]);
  });

  it('is guessed beyond the first and last point by half an interval at most', () => {
    const series = createScrapedSeries();
    for (const i of [4, 5, 6]) series.add(start + 1000 * i, parseExposition(`c ${100 + i}`));
    expect(ask('increase(c[10s])', series, start + 10_000)).toEqual([['', 3]]);
    expect(ask('rate(c[10s])', series, start + 10_000)).toEqual([['', 0.3]]);
  });

  it('may be a range', () => {
    const parameters = {
      query: 'sum(rate(http_requests_total{code="500"}[5s]))',
      start: '1005',
      end: '1010',
      step: '2s',
    };
    const { body } = answerQuery('/api/v1/query_range', new URLSearchParams(parameters), scraped(), 0);
    expect(body).toEqual({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1005, '5'],
              [1007, '5'],
              [1009, '5'],
            ],
          },
        ],
      },
    });
  });
});

it('What is not the text format is refused with the line', () => {
  expect(() => parseExposition('fine 1\nbad{x=1} 2')).toThrow("not in Prometheus's text format: bad{x=1} 2");
  expect(() => parseExposition('bad{} x')).toThrow('bad{} x');
  expect(parseExposition('a{} +Inf\nb NaN 1700000000000').map(({ value }) => value)).toEqual([Infinity, NaN]);
});
