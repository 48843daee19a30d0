import type { TSchema } from '@sinclair/typebox';
import { stringify } from 'yaml';
import { apiGroup, apiVersionName, kinds } from '../src/api/kinds.ts';
import type { KindFacts } from '../src/api/kinds.ts';

/** Structural schemas know nothing of TypeBox: what it keeps under symbols is dropped by this round trip. */
const plain = (schema: TSchema): Record<string, unknown> =>
  JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;

const openApiSchema = (facts: KindFacts) => {
  const { description, required, properties } = plain(facts.schema);
  return {
    description,
    type: 'object',
    required,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...(properties as Record<string, unknown>),
    },
  };
};

const subresources = (facts: KindFacts) => {
  if (!facts.statusSubresource && facts.scaleSubresource === undefined) return {};
  return {
    subresources: {
      ...(facts.statusSubresource ? { status: {} } : {}),
      ...(facts.scaleSubresource === undefined ? {} : { scale: facts.scaleSubresource }),
    },
  };
};

export const customResourceDefinition = (facts: KindFacts) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${facts.plural}.${apiGroup}`, labels: { 'app.kubernetes.io/part-of': 'sluice' } },
  spec: {
    group: apiGroup,
    names: {
      kind: facts.kind,
      listKind: `${facts.kind}List`,
      plural: facts.plural,
      singular: facts.singular,
      shortNames: [...facts.shortNames],
    },
    scope: facts.scope,
    versions: [
      {
        name: apiVersionName,
        served: true,
        storage: true,
        additionalPrinterColumns: facts.columns.map((column) => ({ ...column })),
        ...subresources(facts),
        schema: { openAPIV3Schema: openApiSchema(facts) },
      },
    ],
  },
});

/** Text of each file of charts/sluice/crds, by file name. */
export const customResourceDefinitionFiles = (): Map<string, string> =>
  new Map(
    Object.values(kinds).map((facts) => [
      `${facts.plural}.yaml`,
      '# Generated from libs/model/src/api by `npm run crds`: change the schemas there.\n' +
        stringify(customResourceDefinition(facts), { lineWidth: 120, aliasDuplicateObjects: false }),
    ]),
  );
