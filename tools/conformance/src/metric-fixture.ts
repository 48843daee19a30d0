import { parse } from 'yaml';
import type { RunRef } from '@sluice/contracts';
import type { MetricConfig, MetricSamples, MetricWorld } from './metric-world.ts';

const names = ['value', 'noData', 'failing', 'hanging', 'ending', 'endless'] as const;
const known: ReadonlySet<string> = new Set([...names, 'secret', 'run']);

/**
 * Reads a fixture of configurations, each as below `provider.NAME` of a manifest; all may be left out:
 *
 *     value: { query: up }                 # has data: at once, and always the same
 *     noData: { query: nothing }           # answers, and has no data
 *     failing: { address: http://127.0.0.1:1 }
 *     hanging: { query: sleep }            # is asked, and does not answer
 *     secret: { text: s3cret, config: { query: 'up{token="s3cret"}' } }
 *     ending: { … }                        # goes on for longer than one call, and ends within seconds
 *     endless: { … }                       # goes on until it is cancelled
 *     run: { namespace: shop, name: cart-1, uid: 0b1c… }   # an AnalysisRun, where the provider needs one that exists
 *
 * Throws an Error that says what is wrong.
 */
export function metricFixtureOf(yaml: string): MetricWorld {
  const file = (parse(yaml) ?? {}) as Record<string, unknown>;
  const stranger = Object.keys(file).find((key) => !known.has(key));
  if (stranger !== undefined)
    throw new Error(`the fixture has ${stranger}: it may have ${[...known].join(', ')}, and nothing else`);
  if (file['value'] === undefined) throw new Error('the fixture needs value: a configuration whose back end has data');
  const samples = Object.fromEntries(
    names.flatMap((name) => (file[name] === undefined ? [] : [[name, configAt(name, file[name])]])),
  ) as MetricSamples;
  const { run } = file as { run?: RunRef };
  return {
    samples: { ...samples, ...(file['secret'] === undefined ? {} : { secret: secretOf(file['secret']) }) },
    ...(run === undefined ? {} : { newRun: async () => run }),
  };
}

function secretOf(given: unknown): NonNullable<MetricSamples['secret']> {
  const { text, config } = (given ?? {}) as { text?: unknown; config?: unknown };
  if (typeof text !== 'string' || text.length < 4)
    throw new Error('the fixture needs secret.text, of 4 characters at least: what may not be seen');
  const read = configAt('secret.config', config);
  if (!JSON.stringify(read).includes(text)) throw new Error('secret.text stands nowhere in secret.config');
  return { text, config: read };
}

function configAt(path: string, given: unknown): MetricConfig {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as MetricConfig;
  throw new Error(`${path} of the fixture is no configuration`);
}
