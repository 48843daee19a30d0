import fs from 'node:fs';
import path from 'node:path';
import { audienceOf, configuredAudience, createLocalIssuer } from '@sluice/service/identity';
import type { LocalIssuer, Role } from '@sluice/service/identity';
import type { Session } from './session.ts';

/** Where the services of one session find by which keys callers are checked, and what each of them shows. */
export interface Identities {
  /** As `--auth-keys` takes it. */
  readonly keysFile: string;
  /** As `--token-dir` takes it. */
  tokenDirOf(service: string): string;
  /** One more token by the same key. */
  readonly issue: LocalIssuer['issue'];
}

export interface CalledPlugin {
  readonly type: 'router' | 'metric' | 'step';
  readonly knownAs: string;
}

/** As charts/sluice names the ServiceAccounts and their namespace. */
export const callersNamespace = 'sluice-system';
const accountOf = (role: Role): string => `${callersNamespace}/sluice-${role}`;

const lifetimeS = 3_600;
const renewMs = 20 * 60_000;

/**
 * Tokens for services that run on this machine, as a cluster issues them for ServiceAccounts: the services check them by the same code. They are renewed for as long as
 * the session lasts; the key that signs them never leaves this process.
 */
export async function issueIdentities(session: Session, plugins: readonly CalledPlugin[]): Promise<Identities> {
  const issuer = await createLocalIssuer();
  const folder = path.join(session.temp, 'identities');
  const keysFile = path.join(folder, 'keys.json');
  const tokenDirOf = (service: string): string => path.join(folder, service);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(keysFile, issuer.keysFile);
  const issueAll = async (): Promise<void> => {
    for (const { service, role, audience } of tokensFor(plugins))
      await writeToken(issuer, tokenDirOf(service), accountOf(role), audience);
  };
  await issueAll();
  const timer = setInterval(() => void issueAll().catch(() => undefined), renewMs);
  session.atEnd(() => clearInterval(timer));
  return { keysFile, tokenDirOf, issue: issuer.issue };
}

/** Which service shows what to whom: who may call is `callTable` of @sluice/service. */
function tokensFor(plugins: readonly CalledPlugin[]) {
  const services: { service: string; role: Role; audience: string }[] = [
    { service: 'analysis-runner', role: 'analysis-worker', audience: audienceOf('analysis-runner') },
    { service: 'experiment-manager', role: 'experiment-manager', audience: audienceOf('analysis-runner') },
    { service: 'rollout-controller', role: 'rollout-controller', audience: audienceOf('analysis-runner') },
    { service: 'rollout-controller', role: 'rollout-controller', audience: audienceOf('experiment-manager') },
  ];
  for (const { type, knownAs } of plugins) {
    const audience = configuredAudience(type, knownAs);
    if (type === 'metric') services.push({ service: 'analysis-runner', role: 'analysis-worker', audience });
    else services.push({ service: 'rollout-controller', role: 'rollout-controller', audience });
  }
  return services;
}

async function writeToken(issuer: LocalIssuer, folder: string, serviceAccount: string, audience: string) {
  const file = path.join(folder, audience.slice(audience.indexOf('/') + 1));
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Renamed into place: a reader finds the old token or the new one, whole.
  fs.writeFileSync(`${file}.new`, await issuer.issue({ serviceAccount, audience, lifetimeS }), { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}
