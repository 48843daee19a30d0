import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kinds } from '../src/api/kinds.ts';
import { moments } from '../test/recordings.ts';
import { complaints, flaws } from '../test/structural-schema.ts';
import type { StructuralSchema } from '../test/structural-schema.ts';
import { customResourceDefinition, customResourceDefinitionFiles } from './custom-resource-definitions.ts';

const folder = fileURLToPath(new URL('../../../charts/sluice/crds/', import.meta.url));

const schemaOf = (facts: (typeof kinds)[keyof typeof kinds]): StructuralSchema => {
  const version = customResourceDefinition(facts).spec.versions[0];
  return version?.schema.openAPIV3Schema as StructuralSchema;
};

const ours = Object.values(kinds);

describe('the custom resource definitions', () => {
  it('in the chart are those that the schemas make (if not: npm run crds)', () => {
    const files = customResourceDefinitionFiles();
    expect(readdirSync(folder).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) expect(readFileSync(folder + name, 'utf8')).toBe(text);
  });

  it.each(ours.map((facts) => [facts.kind, facts] as const))('have a structural schema for %s', (_kind, facts) => {
    expect(flaws(schemaOf(facts), facts.kind)).toEqual([]);
  });

  it('are the ones that clients know: names, scopes, columns and subresources', () => {
    const facts = [...customResourceDefinitionFiles().values()].map((text) => {
      const { spec } = parse(text) as ReturnType<typeof customResourceDefinition>;
      const version = spec.versions[0];
      return [
        spec.names.kind,
        ...spec.names.shortNames,
        spec.scope,
        version?.additionalPrinterColumns.map(({ name }) => name).join(),
        Object.keys((version as { subresources?: object } | undefined)?.subresources ?? {}).join(),
      ].join(' ');
    });
    expect(facts).toEqual([
      'Rollout ro Namespaced Desired,Current,Up-to-date,Available,Age status,scale',
      'AnalysisTemplate at Namespaced Age ',
      'ClusterAnalysisTemplate cat Cluster Age ',
      'AnalysisRun ar Namespaced Status,Age ',
      'Experiment exp Namespaced Status,Age ',
    ]);
  });

  it.each(moments.map((moment) => [moment.name, moment] as const))(
    'keep every field of the recorded moment %s and accept it',
    (_name, { objects }) => {
      const walked = objects.flatMap((object) => {
        const facts = ours.find(({ kind }) => kind === object.kind);
        if (facts === undefined || object.apiVersion !== 'argoproj.io/v1alpha1') return [];
        const { metadata: _metadata, ...rest } = object;
        return [complaints(schemaOf(facts), rest, object.kind)];
      });
      expect(walked.length).toBeGreaterThan(0);
      expect(walked.flat()).toEqual([]);
    },
  );

  it('accept what people write in odd but legal ways', () => {
    const spec = {
      selector: null,
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      strategy: {
        canary: {
          maxSurge: '25%',
          maxUnavailable: 0,
          steps: [{ pause: { duration: '1h' } }, { pause: { duration: 10 } }, { experiment: { templates: null } }],
          trafficRouting: { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'x', nested: { any: [1] } } } },
        },
      },
    };
    expect(complaints(schemaOf(kinds.Rollout), { spec, status: { pauseConditions: null, canary: {} } })).toEqual([]);
    const metrics = [{ name: 'm', count: '{{args.n}}', provider: { plugin: { 'org/name': { any: 1 } } } }];
    expect(complaints(schemaOf(kinds.AnalysisTemplate), { spec: { metrics } })).toEqual([]);
    expect(complaints(schemaOf(kinds.AnalysisTemplate), { spec: { metrics: null, args: null } })).toEqual([]);
  });

  it('refuse what would make no sense to any controller', () => {
    expect(complaints(schemaOf(kinds.Rollout), {})).toEqual(['.spec: missing']);
    expect(
      complaints(schemaOf(kinds.Rollout), { spec: { replicas: '3', strategy: { blueGreen: {} }, bogus: 1 } }),
    ).toEqual([
      '.spec.replicas: string instead of integer',
      '.spec.strategy.blueGreen.activeService: missing',
      '.spec.bogus: would be pruned',
    ]);
    expect(complaints(schemaOf(kinds.AnalysisRun), { spec: {} })).toEqual(['.spec.metrics: missing']);
  });
});
