// The same requests, the same answers: those of a real API server are recorded in recorded.json. To record them again:
//   SLUICE_TEST_KUBECONFIG=FILE SLUICE_TEST_RECORD=1 npx vitest run --project @sluice/local-cluster test/answers
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/storage/values.ts';
import type { RawAnswer, Target } from '../target.ts';
import { openTarget, withoutChance } from '../target.ts';
import { builtinKinds } from './builtin-kinds.ts';
import { customKinds } from './custom-kinds.ts';
import type { Asked } from './requests.ts';
import { NS } from './requests.ts';

interface Seen {
  code: number;
  warnings?: string[];
  body: Json;
}

const here = new URL('.', import.meta.url);
const file = new URL('recorded.json', here);
const recording = process.env.SLUICE_TEST_RECORD !== undefined;
const recorded: Record<string, Seen> = recording
  ? {}
  : (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Seen>);
const definition = parse(readFileSync(new URL('foos.crd.yaml', here), 'utf8')) as Json;

// Who owns a field, and the numbers of versions, are the run's own.
function comparable(value: Json): Json {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'string') return withoutChance(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.keys(value)
    .filter((k) => k !== 'managedFields')
    .sort()
    .map((k) => [
      k,
      k === 'resourceVersion' || k === 'observedGeneration' || k === 'clusterIP'
        ? '<any>'
        : k === 'clusterIPs'
          ? ['<any>']
          : comparable(value[k]),
    ]);
  return Object.fromEntries(entries);
}

/** Causes come in the order of a Go map: compared sorted, and the message without its order. */
function seen(asked: Asked, answer: RawAnswer): Seen {
  let body: Json;
  try {
    body = comparable(JSON.parse(answer.text));
  } catch {
    body = answer.text;
  }
  if (asked.loosely) return { code: answer.code, body: { reason: body?.reason ?? null } };
  if (body?.details?.causes) {
    body.details.causes = (body.details.causes as Json[]).map((c) => JSON.stringify(c)).sort();
    body.message = String(body.message).slice(0, String(body.message).indexOf(' is invalid')).concat(' is invalid');
  }
  return { code: answer.code, ...(answer.warnings.length > 0 ? { warnings: [...answer.warnings] } : {}), body };
}

let target: Target;

beforeAll(async () => {
  target = await openTarget();
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await target.send({ method: 'POST', path, body: JSON.stringify(definition) });
  for (;;) {
    const { text } = await target.send({ method: 'GET', path: `${path}/foos.example.com` });
    const served = await target.send({ method: 'GET', path: '/apis/example.com/v1/foos' });
    if (text.includes('"Established"') && served.code === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

afterAll(async () => {
  if (recording) writeFileSync(file, `${JSON.stringify(recorded, null, 1)}\n`);
  for (const path of [
    `/api/v1/namespaces/${NS}`,
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/foos.example.com',
  ])
    await target.send({ method: 'DELETE', path });
  await target.stop();
});

describe('the API answers as Kubernetes does', () => {
  it.each([...builtinKinds, ...customKinds].map((asked) => [asked.to, asked] as const))(
    'when asked to %s',
    async (to, asked) => {
      const actual = seen(asked, await target.send(asked));
      if (recording) recorded[to] = actual;
      expect(actual).toEqual(recorded[to]);
    },
  );
});
