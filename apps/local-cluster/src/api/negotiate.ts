// Which form of an answer a client asked for.
import { StatusError } from '../storage/status-error.ts';

export type Form = 'object' | 'table' | 'metadata' | 'discovery';

export interface Negotiated {
  readonly form: Form;
  readonly yaml: boolean;
}

const cache = new Map<string, Negotiated | undefined>();
const plain: Negotiated = { form: 'object', yaml: false };

function formOf(parameters: ReadonlyMap<string, string>): Form | undefined {
  switch (parameters.get('as')) {
    case undefined:
      return 'object';
    case 'Table':
      return parameters.get('v') === 'v1' ? 'table' : undefined;
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return parameters.get('v') === 'v1' ? 'metadata' : undefined;
    case 'APIGroupDiscoveryList':
      return parameters.get('v') === 'v2' ? 'discovery' : undefined;
    default:
      return undefined;
  }
}

function first(accept: string): Negotiated | undefined {
  for (const range of accept.split(',')) {
    const [type = '', ...words] = range.split(';').map((w) => w.trim());
    const parameters = new Map(words.map((w) => w.split('=', 2) as [string, string]));
    const json = type === 'application/json' || type === '*/*' || type === 'application/*' || type === '';
    if (!json && type !== 'application/yaml') continue;
    const form = formOf(parameters);
    if (form) return { form, yaml: !json };
  }
  return undefined;
}

/** Throws 406 if none of the forms in `accept` is served. */
export function negotiate(accept: string): Negotiated {
  if (accept === '' || accept === 'application/json') return plain;
  if (!cache.has(accept)) {
    if (cache.size > 200) cache.clear();
    cache.set(accept, first(accept));
  }
  const found = cache.get(accept);
  if (found) return found;
  throw new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}
