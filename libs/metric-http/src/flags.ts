import fs from 'node:fs/promises';
import type { PluginTools } from '@sluice/plugin-sdk';
import { StartError, integer, list, text } from '@sluice/service';
import { deniedByDefault } from './destinations.ts';
import { createMetricHttp } from './metric-http.ts';
import type { MetricHttp } from './metric-http.ts';

/** The flags of every plugin that asks over HTTP. */
export const httpOptions = {
  deny: list(
    `Addresses, networks (10.0.0.0/8) and host names (*.internal) that are never asked, beside those that always are denied: ${deniedByDefault.join(', ')}.`,
  ),
  allow: list('Exceptions from --deny and from what is always denied, written alike.'),
  caFile: text('Authorities (PEM file) whose certificates are trusted beside those of the system.'),
  maxAnswerBytes: integer('Bytes of an answer; a larger one is an error.', { default: 1_048_576, min: 1_024 }),
  maxRedirects: integer('Redirects that are followed for one measurement.', { default: 10, min: 0, max: 100 }),
  connections: integer('Connections to one server at once; further requests wait for one.', { default: 256, min: 1 }),
} as const;

/** The client that the flags describe. Throws StartError when one of them cannot be used. */
export async function metricHttpOf(
  { config }: Pick<PluginTools<typeof httpOptions>, 'config'>,
  userAgent: string,
): Promise<MetricHttp> {
  const { caFile, ...rest } = config;
  let ca: string | undefined;
  if (caFile !== undefined)
    try {
      ca = await fs.readFile(caFile, 'utf8');
    } catch (cause) {
      throw new StartError(`cannot read ${caFile}: ${(cause as Error).message}. Look at --ca-file.`, cause);
    }
  try {
    return createMetricHttp({ ...rest, ca, userAgent });
  } catch (cause) {
    throw new StartError(`${(cause as Error).message}. Look at --deny and --allow.`, cause);
  }
}
