import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import {
  AnalysisServiceService,
  ExperimentServiceService,
  MeasurementServiceService,
  MetricProviderService,
  TrafficRouterService,
} from '@sluice/contracts';
import { allowedBy, audienceOf, configuredAudience, createLocalIssuer } from '@sluice/service/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChildren } from './children.ts';
import { createClient } from '@sluice/kube';
import { installCustomResources } from './custom-resources.ts';
import { issueIdentities } from './identities.ts';
import type { Identities } from './identities.ts';
import { startLocalCluster } from './local-cluster.ts';
import { findOrStartRedis } from './redis.ts';
import { plugins, startServices, systemNamespaceOf } from './services.ts';
import type { Session } from './session.ts';

// Every call of every service and plugin that npm start runs, by every kind of caller: exactly what the table allows is served.

const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-identities-'));
const children = createChildren({ folder: temp });
const atEnd: (() => Promise<void> | void)[] = [];
const end = new AbortController();
const session: Session = { children, temp, signal: end.signal, atEnd: (action) => void atEnd.push(action) };

interface Callee {
  readonly name: string;
  readonly address: string;
  readonly audience: string;
  readonly definitions: readonly ServiceDefinition[];
}

let identities: Identities;
let callees: readonly Callee[];

beforeAll(async () => {
  const cluster = await startLocalCluster(session);
  const client = await createClient({ kubeconfig: cluster.kubeconfig, userAgent: 'test' });
  await installCustomResources(client);
  const systemNamespace = await systemNamespaceOf(client);
  client.close();
  identities = await issueIdentities(session, plugins);
  const redisUrl = await findOrStartRedis(session, undefined);
  const running = await startServices(session, {
    kubeconfig: cluster.kubeconfig,
    redisUrl,
    systemNamespace,
    identities,
  });
  const addressOf = (name: string): string =>
    running.find((one) => one.name === name.replaceAll('/', '-'))?.addresses['grpc'] ?? `${name} is not there`;
  callees = [
    {
      name: 'analysis-runner',
      address: addressOf('analysis-runner'),
      audience: audienceOf('analysis-runner'),
      definitions: [AnalysisServiceService, MeasurementServiceService],
    },
    {
      name: 'experiment-manager',
      address: addressOf('experiment-manager'),
      audience: audienceOf('experiment-manager'),
      definitions: [ExperimentServiceService],
    },
    ...plugins.map(({ type, knownAs }) => ({
      name: knownAs,
      address: addressOf(knownAs),
      audience: configuredAudience(type, knownAs),
      definitions: [type === 'router' ? TrafficRouterService : MetricProviderService],
    })),
  ];
}, 300_000);

afterAll(async () => {
  end.abort();
  await children.stop();
  for (const action of atEnd.toReversed()) await action();
  fs.rmSync(temp, { recursive: true, force: true });
}, 60_000);

/** What becomes of one call: `served` by whatever the method itself then answers. */
function outcomeOf(callee: Callee, method: MethodDefinition<unknown, unknown>, token: string | undefined) {
  const client = new Client(callee.address, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  // A caller cannot say by itself who let it in.
  metadata.set('sluice-caller', 'sluice-system/sluice-rollout-controller');
  const empty = (): Buffer => Buffer.alloc(0);
  return new Promise<string>((resolve) => {
    const ended = (code: status): void => {
      client.close();
      const refusals: readonly status[] = [status.UNAUTHENTICATED, status.PERMISSION_DENIED];
      resolve(refusals.includes(code) ? status[code] : 'served');
    };
    const options = { deadline: Date.now() + 60_000 };
    if (method.responseStream) {
      const stream = client.makeServerStreamRequest(method.path, empty, String, {}, metadata, options);
      stream.on('data', () => (stream.cancel(), ended(status.OK)));
      stream.on('error', ({ code }: { readonly code: status }) => ended(code));
    } else {
      client.makeUnaryRequest(method.path, empty, String, {}, metadata, options, (error) =>
        ended(error?.code ?? status.OK),
      );
    }
  });
}

const methodsOf = (callee: Callee) => callee.definitions.flatMap((definition) => Object.values(definition));

async function outcomes(tokenFor: (callee: Callee) => Promise<string | undefined>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const callee of callees) {
    const token = await tokenFor(callee);
    for (const method of methodsOf(callee))
      found[`${callee.name} ${method.path}`] = await outcomeOf(callee, method, token);
  }
  return found;
}

/** For each call what is expected of it. */
const expected = (outcome: (path: string) => string): Record<string, string> =>
  Object.fromEntries(
    callees.flatMap((callee) =>
      methodsOf(callee).map(({ path }) => [`${callee.name} ${path}`, outcome(path)] as const),
    ),
  );

const account = (role: string): string => `sluice-system/sluice-${role}`;

describe('every call of every service and plugin', { timeout: 300_000 }, () => {
  it('is refused without a token', async () => {
    expect(await outcomes(() => Promise.resolve(undefined))).toEqual(expected(() => 'UNAUTHENTICATED'));
  });

  it('is refused with a token that has expired', async () => {
    const expired = ({ audience }: Callee) =>
      identities.issue({ serviceAccount: account('rollout-controller'), audience, lifetimeS: -60 });
    expect(await outcomes(expired)).toEqual(expected(() => 'UNAUTHENTICATED'));
  });

  it('is refused with a token that another key has signed', async () => {
    const forger = await createLocalIssuer();
    const forged = ({ audience }: Callee) => forger.issue({ serviceAccount: account('rollout-controller'), audience });
    expect(await outcomes(forged)).toEqual(expected(() => 'UNAUTHENTICATED'));
  });

  it('is refused with a token of the right ServiceAccount for another service', async () => {
    const token = await identities.issue({ serviceAccount: account('analysis-worker'), audience: audienceOf('other') });
    const found = await outcomes(() => Promise.resolve(token));
    // Where users are served, the API server is asked; the one in memory knows any token.
    expect(found).toEqual(expected((path) => (allowedBy(path).users === true ? 'served' : 'UNAUTHENTICATED')));
  });

  it('is refused to a ServiceAccount that is none of Sluice', async () => {
    const tenant = ({ audience }: Callee) => identities.issue({ serviceAccount: 'shop/default', audience });
    expect(await outcomes(tenant)).toEqual(expected(() => 'PERMISSION_DENIED'));
  });

  it('is refused to a ServiceAccount of the right name in another namespace', async () => {
    const tenant = ({ audience }: Callee) =>
      identities.issue({ serviceAccount: 'shop/sluice-rollout-controller', audience });
    expect(await outcomes(tenant)).toEqual(expected(() => 'PERMISSION_DENIED'));
  });

  it('is refused to a user, but where the API server is asked what users may do', async () => {
    const found = await outcomes(() => Promise.resolve('tenant-token'));
    expect(found).toEqual(expected((path) => (allowedBy(path).users === true ? 'served' : 'UNAUTHENTICATED')));
  });

  it.each(['rollout-controller', 'experiment-manager', 'analysis-scheduler', 'analysis-worker'] as const)(
    'is served to %s exactly as the table says',
    async (role) => {
      const own = ({ audience }: Callee) => identities.issue({ serviceAccount: account(role), audience });
      expect(await outcomes(own)).toEqual(
        expected((path) => (allowedBy(path).roles.includes(role) ? 'served' : 'PERMISSION_DENIED')),
      );
    },
  );
});
