import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import type { PodSpec } from './core.ts';
import { list, opaque, text, textMap } from './schema.ts';

// Shapes that several kinds share.

export const LabelSelectorSchema = Type.Object(
  {
    matchLabels: Type.Optional(textMap('Labels that must all be present with these values.')),
    matchExpressions: Type.Optional(
      list(
        Type.Object({
          key: text('The label.'),
          operator: text('In, NotIn, Exists or DoesNotExist.'),
          values: Type.Optional(list(Type.String(), 'The values that In and NotIn compare with.')),
        }),
        'Requirements that must all hold.',
      ),
    ),
  },
  { description: 'A Kubernetes label selector.' },
);

export const PodTemplateMetadataSchema = Type.Object(
  {
    labels: Type.Optional(textMap('Labels of the pods.')),
    annotations: Type.Optional(textMap('Annotations of the pods.')),
  },
  { description: 'Labels and annotations; other metadata is not kept.' },
);
export type LabelsAndAnnotations = Static<typeof PodTemplateMetadataSchema>;

/** The pod spec is not a copied schema: the controller asks the API server by a dry run whether it is valid. */
export const PodTemplateSpecSchema = Type.Object(
  {
    metadata: Type.Optional(PodTemplateMetadataSchema),
    spec: Type.Optional(opaque<PodSpec>('The pod spec, as in a Deployment.')),
  },
  { description: 'The pods to run, as in a Deployment.' },
);

export const ConditionFields = {
  type: text('What the condition is about.'),
  status: text('True, False or Unknown.'),
  reason: text('One word for why.'),
  message: text('A sentence for people.'),
};
