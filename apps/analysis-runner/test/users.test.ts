import { Metadata, credentials, status } from '@grpc/grpc-js';
import { AnalysisServiceClient } from '@sluice/contracts';
import type { Access, AccessReviewer } from '@sluice/kube';
import { createLocalIssuer, createTokenVerifier, guard } from '@sluice/service/identity';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeasuringWorld, metric } from './measuring-world.ts';

const timeout = 240_000;
let world: MeasuringWorld;
let client: AnalysisServiceClient;

/** Knows one user, `tenant`, who may do what `allowed` says. */
const reviews = {
  allowed: (_access: Access): boolean => true,
  asked: [] as string[],
};
const reviewer: AccessReviewer = {
  denied(token, wanted) {
    if (token !== 'tenant') return Promise.resolve(undefined);
    reviews.asked.push(...wanted.map(({ verb, resource, name }) => [verb, resource, name].filter(Boolean).join(' ')));
    return Promise.resolve(wanted.filter((access) => !reviews.allowed(access)));
  },
};

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
afterEach(() => {
  reviews.allowed = () => true;
  reviews.asked.length = 0;
  return world.tidy();
}, timeout);
afterAll(() => world.close(), timeout);

async function start(): Promise<void> {
  const issuer = await createLocalIssuer();
  const { issuer: name, keys } = JSON.parse(issuer.keysFile) as { issuer: string; keys: [] };
  const source = { name: 'keys', load: () => Promise.resolve({ issuer: name, keys: { keys } }) };
  const scheduler = await world.startScheduler({
    reviewer,
    grpc: {
      host: '127.0.0.1',
      port: 0,
      guard: guard({
        verifier: createTokenVerifier({ source, audiences: ['sluice.dev/analysis-runner'] }),
        accountsOf: (role) => [`sluice-system/sluice-${role}`],
      }),
    },
  });
  client = new AnalysisServiceClient(scheduler.address(), credentials.createInsecure());
}

function as(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

function attempt(token: string, args: readonly object[] = []): Promise<string> {
  const request = {
    namespace: world.namespace,
    templates: [{ name: 'mine', clusterScope: false }],
    templateJson: [
      JSON.stringify({ kind: 'AnalysisTemplate', metadata: { name: 'mine' }, spec: { args, metrics: [metric()] } }),
    ],
    args: {},
    metrics: [],
    withSideEffects: false,
  };
  return new Promise((resolve) =>
    client.tryTemplate(request, as(token), (error, answer) =>
      resolve(error === null ? JSON.stringify(answer) : `${status[error.code]}: ${error.details}`),
    ),
  );
}

const terminate = (token: string, name: string): Promise<string> =>
  new Promise((resolve) =>
    client.terminateRun({ run: { namespace: world.namespace, name, uid: '' } }, as(token), (error, answer) =>
      resolve(error === null ? JSON.stringify(answer) : `${status[error.code]}: ${error.details}`),
    ),
  );

describe('a user', { timeout }, () => {
  it('tries a template with Secrets that this user may read, and no others', async () => {
    await start();
    await world.putSecret('theirs', { token: 'hush' });
    const args = [{ name: 'token', valueFrom: { secretKeyRef: { name: 'theirs', key: 'token' } } }];
    expect(await attempt('tenant', args)).toContain('"phase":"Successful"');
    expect(reviews.asked).toEqual(['create analysisruns', 'get secrets theirs']);
    const measured = world.provider.started.length;
    reviews.allowed = ({ resource }) => resource !== 'secrets';
    expect(await attempt('tenant', args)).toBe(
      'PERMISSION_DENIED: you may not get secrets "theirs" in namespace "shop": ask for a Role that allows it',
    );
    reviews.allowed = ({ resource }) => resource !== 'analysisruns';
    expect(await attempt('tenant', args)).toMatch(/^PERMISSION_DENIED: you may not create analysisruns/);
    expect(world.provider.started).toHaveLength(measured);
  });

  it('terminates only a run that this user may patch', async () => {
    await start();
    await world.createRun('going', { metrics: [metric('m', { interval: '100ms' })] });
    reviews.allowed = () => false;
    expect(await terminate('tenant', 'going')).toBe(
      'PERMISSION_DENIED: you may not patch analysisruns "going" in namespace "shop": ask for a Role that allows it',
    );
    expect((await world.run('going')).spec.terminate).toBeUndefined();
    reviews.allowed = () => true;
    expect(await terminate('tenant', 'going')).toBe('{"found":true}');
    expect((await world.run('going')).spec.terminate).toBe(true);
  });

  it('whom the API server does not know is refused', async () => {
    await start();
    expect(await attempt('forged')).toMatch(/^UNAUTHENTICATED: the API server does not know the token/);
    expect(world.provider.started).toEqual([]);
  });
});
