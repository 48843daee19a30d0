// Broken templates for lint: `⟨` stands before the character that each finding is about, in their order.

export interface BrokenTemplate {
  readonly name: string;
  readonly manifest: string;
  readonly findings: readonly string[];
}

const broken = (name: string, manifest: string, ...findings: string[]): BrokenTemplate => ({
  name,
  manifest,
  findings,
});

/** A template with these lines under `spec:`, which are indented by two. */
export const template = (
  spec: string,
  name = 'checks',
  kind = 'AnalysisTemplate',
): string => `apiVersion: argoproj.io/v1alpha1
kind: ${kind}
metadata:
  name: ${name}
spec:
${spec.replace(/^\n/, '').trimEnd()}
`;

/** A template with one sound web metric, and further lines in it. */
const metric = (lines: string, args = ''): string =>
  template(`${args}
  metrics:
    - name: rate
      provider: { web: { url: http://shop } }
${lines.replace(/^\n/, '').trimEnd()}
`);

const conditions: readonly BrokenTemplate[] = [
  broken(
    'an unknown name in a condition',
    metric('      successCondition: result > 1 and ⟨reslt < 5'),
    'error: unknown name reslt: there is result',
  ),
  broken(
    'a condition in double quotes, with escapes before the mistake',
    metric(`      successCondition: "result == \\"\\u00e9\\" or ⟨foo"`),
    'error: unknown name foo: there is result',
  ),
  broken(
    'a condition in single quotes',
    metric(`      successCondition: 'result == ''a'' or ⟨foo'`),
    'error: unknown name foo: there is result',
  ),
  broken(
    'a folded condition over several lines',
    metric(`
      successCondition: >-
        result > 1 and
        result < 5 and
        result ⟨@ 3
`),
    'error: unrecognized character "@"',
  ),
  broken(
    'a literal condition over several lines',
    metric(`
      failureCondition: |
        result > 1 and
          ⟨Len(result) < 5
`),
    'error: unknown function Len: did you mean len?',
  ),
  broken(
    'a plain condition over several lines',
    metric(`
      successCondition: result > 1 and
        ⟨lenn(result) < 5
`),
    'error: unknown function lenn',
  ),
  broken('a condition that ends too early', metric('      successCondition: result >⟨'), 'error: unexpected token EOF'),
  broken(
    'a condition that gives no bool',
    metric('      successCondition: ⟨len(result)'),
    'error: expected bool, but got int',
  ),
  broken(
    'a wrong regular expression',
    metric(`      successCondition: result matches ⟨"["`),
    'error: error parsing regexp: missing closing ]: `[`',
  ),
  broken(
    'the answer of Prometheus taken for an object',
    template(`
  metrics:
    - name: rate
      successCondition: result.⟨value > 1
      provider: { prometheus: { address: http://prometheus, query: up } }
`),
    'error: type []float64 has no field value',
  ),
  broken(
    'a mistake behind an argument whose value is known',
    metric(
      '      successCondition: result > {{args.threshold}} and ⟨foo',
      '  args: [{ name: threshold, value: "0.95" }]',
    ),
    'error: unknown name foo: there is result',
  ),
  broken(
    'a value of an argument that makes no sense in the condition',
    metric('      successCondition: result > {{args.threshold}}⟨', '  args: [{ name: threshold, value: "95%" }]'),
    'error: unexpected token EOF',
  ),
  broken(
    'a mistake that no value of an argument can mend',
    metric('      successCondition: foo > {{args.threshold}}'.replace('foo', '⟨foo'), '  args: [{ name: threshold }]'),
    'error: unknown name foo: there is result',
  ),
  broken(
    'a wrong time of a range',
    template(`
  metrics:
    - name: rate
      successCondition: len(result) > 1
      provider:
        prometheus:
          address: http://prometheus
          query: up
          rangeQuery:
            start: now() - ⟨"1h"
            end: ⟨duration("1h")
            step: 1m
`).replace('now() - ⟨"1h"', 'now() ⟨- "1h"'),
    'error: invalid operation: - (mismatched types time.Time and string)',
    'error: expected time.Time, but got time.Duration',
  ),
  broken(
    'conditions of a Job',
    template(`
  metrics:
    - name: smoke
      ⟨successCondition: result == 0
      provider: { job: { spec: { template: {} } } }
`),
    'warning: the conditions of a Job are not evaluated: it succeeds or fails by itself',
  ),
  broken(
    'no condition at all',
    metric('').replace('name: rate', 'name: ⟨rate'),
    'warning: neither successCondition nor failureCondition: whatever is measured counts as success',
  ),
];

const condition = '      successCondition: result > 1\n';

const limits: readonly BrokenTemplate[] = [
  broken(
    'a failureLimit above the count',
    metric(`${condition}      interval: 1s\n      count: ⟨3\n      failureLimit: 5`),
    'error: count (3) must be >= failureLimit + consecutiveSuccessLimit (5 + 0) if both >= 0',
  ),
  broken(
    'a failureLimit as high as the count',
    metric(`${condition}      interval: 1s\n      count: 3\n      failureLimit: ⟨3`),
    'warning: of 3 measurements never more than 3 can be so: the limit is never exceeded',
  ),
  broken(
    'more successes in a row than measurements',
    metric(`${condition}      interval: 1s\n      count: ⟨3\n      consecutiveSuccessLimit: 4`),
    'error: count (3) must be >= failureLimit + consecutiveSuccessLimit (0 + 4) if both >= 0',
  ),
  broken(
    'no limit of failures, and more successes than measurements',
    metric(`${condition}      interval: 1s\n      count: ⟨3\n      failureLimit: -1\n      consecutiveSuccessLimit: 4`),
    'error: count must be >= consecutiveSuccessLimit',
  ),
  broken(
    'neither limit',
    metric(`${condition}      ⟨failureLimit: -1`).replace('⟨failureLimit: -1', 'failureLimit: ⟨-1'),
    'error: failureLimit and consecutiveSuccessLimit cannot both be disabled',
  ),
  broken(
    'negative limits',
    metric(`${condition}      consecutiveErrorLimit: ⟨-2`),
    'error: consecutiveErrorLimit must be >= 0',
  ),
  broken(
    'an inconclusiveLimit above the count',
    metric(`${condition}      interval: 1s\n      count: ⟨2\n      inconclusiveLimit: 3`),
    'error: count must be >= inconclusiveLimit',
  ),
  broken(
    'a count without interval',
    metric(`${condition}      count: ⟨3`),
    'error: interval must be specified when count > 1',
  ),
  broken(
    'a count by argument without interval',
    metric(`${condition}      count: ⟨"{{args.n}}"`, '  args: [{ name: n, value: "3" }]'),
    'error: interval must be specified when count > 1',
  ),
  broken(
    'a count that is no number',
    metric(`${condition}      count: ⟨many`),
    `error: count must be a whole number: metric 'rate' has "many". Write it in digits, such as 3`,
  ),
  broken(
    'a count below 1',
    metric(`${condition}      interval: 1s\n      count: ⟨-1`),
    "error: count must be at least 1: metric 'rate' has -1. Leave it out for no limit",
  ),
  broken(
    'a count below 1 by argument',
    metric(`${condition}      count: ⟨"{{args.n}}"`, '  args: [{ name: n, value: "0" }]'),
    `error: count must be at least 1: metric 'rate' has "0". Leave it out for one measurement`,
  ),
  broken(
    'a negative interval',
    metric(`${condition}      count: 2\n      interval: ⟨-30s`),
    `error: interval must not be negative: metric 'rate' has "-30s". Write a time such as 30s, or leave it out`,
  ),
  broken(
    'durations that are none',
    metric(`${condition}      count: 2\n      interval: ⟨1 minute`),
    'error: invalid interval string: time: unknown unit " minute" in duration "1 minute"',
  ),
  broken(
    'an initial delay that is none',
    metric(`${condition}      initialDelay: ⟨"5"`),
    'error: invalid startDelay string: time: missing unit in duration "5"',
  ),
  broken(
    'measuring without a pause',
    metric(`${condition}      count: 2\n      interval: ⟨0s`),
    'warning: measures without a pause: give an interval above 0',
  ),
  broken(
    'an interval without count',
    metric(`${condition}      interval: ⟨1s`),
    'note: an interval without count goes on until the analysis is ended: for background analysis only',
  ),
  broken(
    'two metrics of one name',
    `${metric(condition)}    - name: ⟨rate
      successCondition: result > 1
      provider: { web: { url: http://shop } }
`,
    `error: two metrics have the same name 'rate'`,
  ),
  broken(
    'rules that apply to nothing',
    metric(`${condition}  dryRun: [{ metricName: ⟨rats }]\n  measurementRetention: [{ metricName: ⟨"(", limit: 5 }]`),
    'error: matches no metric: there is rate',
    'error: matches no metric: there is rate',
  ),
];

const args: readonly BrokenTemplate[] = [
  broken(
    'an argument that is not declared',
    metric('      successCondition: result > ⟨{{ args.treshold }}', '  args: [{ name: ⟨threshold }]'),
    'warning: the argument threshold is not used by any metric',
    'error: unknown argument {{args.treshold}}: there is threshold',
  ),
  broken(
    'an argument where none is declared',
    metric('      successCondition: result > ⟨{{args.threshold}}'),
    'error: unknown argument {{args.threshold}}: the template declares none',
  ),
  broken(
    'a placeholder for something else',
    metric('      successCondition: result > ⟨{{env.THRESHOLD}}'),
    'error: unknown placeholder {{env.THRESHOLD}}: only {{args.NAME}} is filled in',
  ),
  broken(
    'a placeholder that does not end',
    metric('      successCondition: result == "⟨{{args.a"'),
    'error: this {{ has no }}',
  ),
  broken(
    'a placeholder in a key',
    template(`
  metrics:
    - name: smoke
      provider: { job: { metadata: { labels: { ⟨"{{args.label}}": x } }, spec: {} } }
`),
    'error: unknown argument {{args.label}}: the template declares none',
  ),
  broken(
    'an argument that is declared twice',
    metric('      successCondition: result > {{args.a}}', '  args: [{ name: a }, { name: ⟨a }]'),
    'error: the argument a is declared twice',
  ),
  broken(
    'a fieldRef in a template',
    metric(
      '      successCondition: result > {{args.a}}',
      '  args: [{ name: a, ⟨valueFrom: { fieldRef: { fieldPath: metadata.name } } }]',
    ),
    'error: a fieldRef is never looked up in a template: only a Rollout can give one',
  ),
  broken(
    'a value beside a Secret',
    metric(
      '      successCondition: result > {{args.a}}',
      '  args: [{ name: a, ⟨value: x, valueFrom: { secretKeyRef: { name: s, key: k } } }]',
    ),
    'warning: has no effect: the Secret beside it wins',
  ),
];

const providers: readonly BrokenTemplate[] = [
  broken(
    'an unknown provider',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      provider: { ⟨promeheus: { query: up } }
`),
    'error: unknown provider promeheus: it is one of prometheus, web, job, datadog, kayenta, cloudWatch, newRelic, wavefront, graphite, influxdb, skywalking, plugin',
  ),
  broken(
    'no provider',
    template(`
  metrics:
    - name: rate
      ⟨provider: {}
`),
    'error: no provider specified: give one, such as prometheus, web or job',
  ),
  broken(
    'two providers',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      ⟨provider: { web: { url: http://shop }, job: { spec: {} } }
`).replace('successCondition', '⟨successCondition'),
    'warning: the conditions of a Job are not evaluated: it succeeds or fails by itself',
    'error: multiple providers specified: a metric has exactly one, make a metric of each',
  ),
  broken(
    'an address that is none',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      provider: { prometheus: { address: ⟨prometheus:9090, query: up } }
`),
    'error: prometheus address is not is url format: write http://HOST:PORT',
  ),
  broken(
    'a body that is not sent',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      provider: { web: { url: http://shop, ⟨body: x } }
`),
    'error: a body can only be sent with method POST or PUT',
  ),
  broken(
    'an unknown method',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      provider: { web: { url: http://shop, method: ⟨HEAD } }
`),
    'error: unknown method HEAD: it is one of GET, POST, PUT',
  ),
  broken(
    'OAuth without a secret',
    template(`
  metrics:
    - name: rate
      successCondition: result > 1
      provider: { web: { url: http://shop, authentication: { ⟨oauth2: { tokenUrl: http://t, clientId: a } } } }
`),
    'error: oauth2 needs clientSecret',
  ),
];

const shapes: readonly BrokenTemplate[] = [
  broken(
    'a field that does not exist',
    metric(`${condition}      ⟨failurelimit: 3`),
    'error: unknown field "spec.metrics[0].failurelimit"',
  ),
  broken(
    'fields of a wrong type, each of them',
    metric(`      successCondition: ⟨5\n      interval: ⟨{}`),
    'error: expected text, got 5',
    'error: expected text, got {}',
  ),
  broken(
    'no metric at all',
    template('  args: []').replace('spec:', '⟨spec:'),
    'error: no metrics specified: a template needs metrics, or templates that have them',
  ),
  broken(
    'text that is no YAML',
    'a: [1,\n⟨b: 2\n',
    'error: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ),
  broken(
    'a template that names itself',
    template('  templates: [{ templateName: ⟨checks }]'),
    'warning: checks leads back to this template: each is measured once',
  ),
  broken(
    'an alias that leads nowhere',
    metric('      successCondition: ⟨*condition'),
    'error: Unresolved alias (the anchor must be set before the alias): condition',
  ),
  broken(
    'a template that is not there',
    template('  templates: [{ templateName: ⟨others, clusterScope: true }]'),
    'note: the template others is not to be found among these files: not checked',
  ),
];

export const brokenTemplates: readonly BrokenTemplate[] = [...conditions, ...limits, ...args, ...providers, ...shapes];
