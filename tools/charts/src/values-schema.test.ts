import fs from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { charts, fileOf, schemaText } from './charts.ts';
import { valuesSchema } from './values-schema.ts';

const ajv = new Ajv({ strict: false, allErrors: true });

function problemsOf(chart: string, values: unknown): readonly string[] {
  const validate = ajv.compile(JSON.parse(fs.readFileSync(fileOf(chart, 'values.schema.json'), 'utf8')) as object);
  if (validate(values)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const unknown = (params as { additionalProperty?: string }).additionalProperty;
    return `${instancePath} ${message}${unknown === undefined ? '' : `: ${unknown}`}`.trim();
  });
}

describe.each(charts())('the values of chart %s', (chart) => {
  test('have a schema that is what its values.yaml says', () => {
    expect(fs.readFileSync(fileOf(chart, 'values.schema.json'), 'utf8')).toBe(schemaText(chart));
  });

  test('are accepted as they are, and as each file of its ci folder changes them', () => {
    expect(problemsOf(chart, parse(fs.readFileSync(fileOf(chart, 'values.yaml'), 'utf8')))).toEqual([]);
    for (const file of fs.readdirSync(fileOf(chart, 'ci')).filter((name) => name.endsWith('.yaml')))
      expect([file, ...problemsOf(chart, parse(fs.readFileSync(fileOf(chart, 'ci', file), 'utf8')))]).toEqual([file]);
  });

  test('are refused where a name is misspelt, at any depth', () => {
    expect(problemsOf(chart, { logLevels: 'info' })).toEqual(['must NOT have additional properties: logLevels']);
    expect(problemsOf(chart, { networkPolicy: { enable: true } })).toEqual([
      '/networkPolicy must NOT have additional properties: enable',
    ]);
  });
});

describe('a schema of values', () => {
  test('refuses the misspelt switch of certificates that would install without any', () => {
    expect(problemsOf('sluice', { tls: { certmanager: { enabled: true } } })).toEqual([
      '/tls must NOT have additional properties: certmanager',
    ]);
  });

  test('refuses values of another type, and words that nothing understands', () => {
    expect(problemsOf('sluice', { rolloutController: { shards: 0, logLevel: 'verbose' } })).toEqual([
      '/rolloutController/shards must be >= 1',
      '/rolloutController/logLevel must be equal to one of the allowed values',
    ]);
    expect(problemsOf('sluice', { namespaces: 'shop' })).toEqual(['/namespaces must be array']);
    expect(problemsOf('sluice', { redisUrl: 'sluice-redis:6379' })).toHaveLength(1);
  });

  test('leaves what Helm shares between charts alone', () => {
    expect(problemsOf('sluice', { global: { any: 'thing' } })).toEqual([]);
  });

  test('is not made of a default that does not say what may stand there', () => {
    expect(() => valuesSchema('mine', 'surprises: []\n')).toThrow(
      'mine.surprises: its default does not say what may stand there: add "surprises" to tools/charts/src/shapes.ts',
    );
  });

  test('carries the comment above a value, for editors', () => {
    const { properties } = valuesSchema('mine', '# About the first.\n\n# How many.\n# Or none.\ncount: 1\n') as {
      properties: Record<string, unknown>;
    };
    expect(properties['count']).toEqual({ description: 'How many. Or none.', type: 'integer' });
  });
});
