/** A JSON schema, draft 7: what Helm 3 reads. */
export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const textMap: Schema = { type: 'object', additionalProperties: text };
const name: Schema = { type: 'string', pattern: '^$|^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' };
const names: Schema = { type: 'array', items: { ...name, minLength: 1 }, uniqueItems: true };
const objects: Schema = { type: 'array', items: { type: 'object' } };
const quantity: Schema = { type: ['string', 'number'], pattern: '^[0-9.]+([numkKMGTPE]i?)?$' };
const quantities: Schema = { type: 'object', additionalProperties: quantity };
const duration: Schema = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+$' };

/** An object that has these keys and no others. */
export const closed = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
});

const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
const atLeast = (minimum: number): Schema => ({ type: 'integer', minimum });

const toleration = closed({
  key: text,
  operator: oneOf('Exists', 'Equal'),
  value: text,
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  tolerationSeconds: { type: 'integer' },
});

const affinity = closed({
  nodeAffinity: { type: 'object' },
  podAffinity: { type: 'object' },
  podAntiAffinity: { type: 'object' },
});

/**
 * What may stand under a name, wherever in a values.yaml: for values whose default is empty, and for those whose type alone says too little. Kubernetes' own objects
 * are open below their first keys: the API server checks them.
 */
export const shapes: Readonly<Record<string, Schema>> = {
  address: texts,
  affinity,
  allow: texts,
  analysisFrom: objects,
  annotations: textMap,
  by: oneOf('backlog', 'cpu'),
  clientNames: texts,
  deny: texts,
  duration,
  extraArgs: { type: 'array', items: { type: 'string', pattern: '^-' } },
  imagePullSecrets: { type: 'array', items: closed({ name }) },
  issuerRef: closed({ kind: oneOf('ClusterIssuer', 'Issuer'), name, group: text }),
  istioApiVersion: oneOf('v1alpha3', 'v1beta1', 'v1'),
  logLevel: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  maxReplicas: atLeast(1),
  metricsFrom: objects,
  minReplicas: atLeast(1),
  names: texts,
  namespaces: names,
  nodeSelector: textMap,
  pluginNames: { ...texts, minItems: 1 },
  pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  redisUrl: { type: 'string', pattern: '^$|^rediss?(-sentinel)?://' },
  renewBefore: duration,
  replicas: atLeast(0),
  resources: closed({ limits: quantities, requests: quantities, claims: objects }),
  secrets: textMap,
  shards: atLeast(1),
  tolerations: { type: 'array', items: toleration },
  workerNames: texts,
};
