import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { anyValue, flag, int64, intOrString, list, mapOf, opaque, open, text, textMap } from './schema.ts';

// Where metrics come from. Providers that only other controllers serve keep fields that are not named here.

const { Object: object, Optional: optional, String: string } = Type;

const HeaderSchema = object({ key: text('Name of the header.'), value: text('Value of the header.') });

const AuthenticationSchema = object(
  {
    basicAuth: optional(object({ username: optional(string()), password: optional(string()) })),
    sigv4: optional(object({ region: optional(string()), profile: optional(string()), roleArn: optional(string()) })),
    oauth2: optional(
      object({
        tokenUrl: optional(text('Address that gives tokens.')),
        clientId: optional(string()),
        clientSecret: optional(string()),
        scopes: optional(list(string(), 'Scopes that are asked for.')),
      }),
    ),
  },
  { description: 'How the request is authenticated.' },
);

export const PrometheusMetricSchema = object(
  {
    address: optional(text('Address of the server; from the environment when absent.')),
    query: optional(text('PromQL.')),
    rangeQuery: optional(
      object(
        {
          start: optional(text('Expression for the first moment, such as now() - duration("1h").')),
          end: optional(text('Expression for the last moment.')),
          step: optional(text('Time between points, such as 1m.')),
        },
        { description: 'Ask for a range instead of one moment.' },
      ),
    ),
    timeout: optional(int64('Seconds; 30 when absent.')),
    insecure: optional(flag('Do not verify the certificate.')),
    headers: optional(list(HeaderSchema, 'Headers of the request.')),
    authentication: optional(AuthenticationSchema),
  },
  { description: 'A Prometheus query.' },
);
export type PrometheusMetric = Static<typeof PrometheusMetricSchema>;

export const WebMetricSchema = object(
  {
    method: optional(text('GET, POST or PUT; GET when absent.')),
    url: text('Address that is asked.'),
    headers: optional(list(HeaderSchema, 'Headers of the request.')),
    body: optional(text('Body of the request, as text.')),
    jsonBody: optional(anyValue('Body of the request, as JSON.')),
    timeoutSeconds: optional(int64('10 when absent.')),
    insecure: optional(flag('Do not verify the certificate.')),
    authentication: optional(AuthenticationSchema),
    jsonPath: optional(text('Kubernetes JSONPath of the value in the answer; {$} when absent.')),
  },
  { description: 'A value from an HTTP answer.' },
);
export type WebMetric = Static<typeof WebMetricSchema>;

export const JobMetricSchema = object(
  {
    metadata: optional(
      opaque<{ labels?: Record<string, string>; annotations?: Record<string, string> }>(
        'Labels and annotations of the Job.',
      ),
    ),
    spec: opaque('The Job spec, as in a Job.'),
  },
  { description: 'A Job that succeeds or fails.' },
);
export type JobMetric = Static<typeof JobMetricSchema>;

const DatadogMetricSchema = object(
  {
    query: optional(string()),
    queries: optional(textMap('Queries by name.')),
    formula: optional(string()),
    interval: optional(Type.String({ default: '5m' })),
    apiVersion: optional(Type.Unsafe<string>({ type: 'string', enum: ['v1', 'v2'], default: 'v1' })),
    aggregator: optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['avg', 'min', 'max', 'sum', 'last', 'percentile', 'mean', 'l2norm', 'area'],
      }),
    ),
    secretRef: optional(object({ name: optional(string()), namespaced: optional(Type.Boolean()) })),
    requestTimeout: optional(Type.String({ default: '10s' })),
  },
  { ...open, description: 'A Datadog query.' },
);

const KayentaScopeSchema = object(
  {
    scope: string(),
    region: string(),
    step: int64('Seconds.'),
    start: optional(string()),
    end: optional(string()),
  },
  open,
);

const KayentaMetricSchema = object(
  {
    address: string(),
    application: string(),
    canaryConfigName: string(),
    configurationAccountName: string(),
    metricsAccountName: string(),
    storageAccountName: string(),
    threshold: object({ pass: int64('Score that succeeds.'), marginal: int64('Score that is inconclusive.') }),
    lookback: optional(Type.Boolean()),
    scopes: list(
      object({ name: string(), controlScope: KayentaScopeSchema, experimentScope: KayentaScopeSchema }, open),
      'What is compared.',
    ),
  },
  { ...open, description: 'A Kayenta judgement.' },
);

const CloudWatchMetricSchema = object(
  {
    interval: optional(string()),
    metricDataQueries: list(
      object(
        {
          id: optional(string()),
          expression: optional(string()),
          label: optional(string()),
          metricStat: optional(opaque('The metric, as AWS describes it.')),
          period: optional(intOrString('Seconds.')),
          returnData: optional(Type.Boolean()),
        },
        open,
      ),
      'Queries, as AWS describes them.',
    ),
  },
  { ...open, description: 'A CloudWatch query.' },
);

export const MetricProviderSchema = object(
  {
    prometheus: optional(PrometheusMetricSchema),
    web: optional(WebMetricSchema),
    job: optional(JobMetricSchema),
    datadog: optional(DatadogMetricSchema),
    kayenta: optional(KayentaMetricSchema),
    cloudWatch: optional(CloudWatchMetricSchema),
    newRelic: optional(
      object(
        { query: string(), profile: optional(string()), timeout: optional(int64('Seconds.')) },
        { ...open, description: 'A New Relic query.' },
      ),
    ),
    wavefront: optional(
      object(
        { address: optional(string()), query: optional(string()) },
        { ...open, description: 'A Wavefront query.' },
      ),
    ),
    graphite: optional(
      object({ address: optional(string()), query: optional(string()) }, { ...open, description: 'A Graphite query.' }),
    ),
    influxdb: optional(
      object(
        { profile: optional(string()), query: optional(string()) },
        { ...open, description: 'An InfluxDB query.' },
      ),
    ),
    skywalking: optional(
      object(
        { address: optional(string()), query: optional(string()), interval: optional(string()) },
        { ...open, description: 'A SkyWalking query.' },
      ),
    ),
    plugin: optional(
      mapOf(anyValue('Configuration that the plugin understands.'), 'The configuration, by the name of the plugin.'),
    ),
  },
  { description: 'Exactly one provider.' },
);
export type MetricProvider = Static<typeof MetricProviderSchema>;
