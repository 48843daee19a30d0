/** Who makes a call: a ServiceAccount, by a token that says so and is meant for the service that is called. */
export interface Caller {
  /** `namespace/name` */
  readonly serviceAccount: string;
  /** When its token ends, in ms since the epoch. */
  readonly expiresAt: number;
}

/** What tokens for one service are bound to: `sluice.dev/analysis-runner`. A token that one service receives is of no use at another. */
export const audienceOf = (service: string): string => `sluice.dev/${service}`;

/** Of the plugin behind a Service: it carries the Service's own place, so that no plugin gets tokens that another one takes. */
export const pluginAudience = (namespace: string, service: string): string => audienceOf(`${namespace}.${service}`);

/** Of the plugin that a configuration names: `sluice.dev/metric.web`. */
export const configuredAudience = (type: string, name: string): string =>
  audienceOf(`${type}.${name.replaceAll(/[^A-Za-z0-9.-]+/g, '-')}`);
