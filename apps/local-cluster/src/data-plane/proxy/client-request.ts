// What a client sent, as routing reads it.
import type { IncomingMessage } from 'node:http';
import type { ClientRequest, Via } from '../routing/route.ts';
import { vias } from '../routing/route.ts';

/** Headers by which a client says which proxy of the cluster it means; pods never see them. */
export const entranceHeaders = { via: 'x-data-plane-via', namespace: 'x-data-plane-namespace' } as const;

const isVia = (text: string | undefined): text is Via => vias.includes(text as Via);

export function clientRequest({ method = 'GET', url = '/', headers }: IncomingMessage): ClientRequest {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) sent[name] = Array.isArray(value) ? value.join(', ') : value;
  const mark = url.indexOf('?');
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec((sent['host'] ?? '').toLowerCase()) ?? [];
  const via = sent[entranceHeaders.via];
  const namespace = sent[entranceHeaders.namespace];
  return {
    ...(isVia(via) ? { via } : {}),
    ...(namespace ? { namespace } : {}),
    method,
    host,
    port: port === undefined ? 80 : Number(port),
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: sent,
  };
}
