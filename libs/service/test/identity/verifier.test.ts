import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { createLocalIssuer, createTokenVerifier, keysFromCluster, keysFromFile } from '../../src/identity/index.ts';
import type { KeySource, LocalIssuer } from '../../src/identity/index.ts';

const audience = 'sluice.dev/analysis-runner';
const audiences = [audience];
const serviceAccount = 'sluice-system/sluice-analysis-worker';

const sourceOf = (...issuers: readonly LocalIssuer[]): KeySource & { loads: number } => ({
  name: 'the issuer',
  loads: 0,
  load() {
    this.loads += 1;
    const files = issuers.map(({ keysFile }) => JSON.parse(keysFile) as { issuer: string; keys: [] });
    return Promise.resolve({ issuer: files[0]?.issuer ?? '', keys: { keys: files.flatMap(({ keys }) => keys) } });
  },
});

const why = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: { kind: string; message: string }) => `${error.kind}: ${error.message}`,
  );

describe('a token', () => {
  test('of a ServiceAccount for this audience says who calls', async () => {
    const issuer = await createLocalIssuer();
    const verifier = createTokenVerifier({ source: sourceOf(issuer), audiences });
    const caller = await verifier.verify(await issuer.issue({ serviceAccount, audience }));
    expect(caller.serviceAccount).toBe(serviceAccount);
  });

  test('is checked once, and then counts until it ends', async () => {
    const issuer = await createLocalIssuer();
    let clock = Date.now();
    const verifier = createTokenVerifier({ source: sourceOf(issuer), audiences, now: () => clock });
    const token = await issuer.issue({ serviceAccount, audience, lifetimeS: 600 });
    expect(await verifier.verify(token)).toBe(await verifier.verify(token));
    clock += 700_000;
    expect(await why(verifier.verify(token))).toBe('invalid: the token has expired');
  });

  test('of a clock that is half a minute apart is taken', async () => {
    const issuer = await createLocalIssuer();
    const token = await issuer.issue({ serviceAccount, audience, lifetimeS: 60 });
    const later = Date.now() + 85_000;
    const verifier = createTokenVerifier({ source: sourceOf(issuer), audiences, now: () => later });
    expect(await why(verifier.verify(token))).toBe('taken');
  });

  test('for another audience, of another issuer, and of a user are foreign', async () => {
    const [issuer, other] = [await createLocalIssuer(), await createLocalIssuer('other')];
    const verifier = createTokenVerifier({ source: sourceOf(issuer), audiences });
    expect(await why(verifier.verify(await issuer.issue({ serviceAccount, audience: 'https://kubernetes' })))).toBe(
      'foreign: the token is bound to the audience https://kubernetes, not to sluice.dev/analysis-runner',
    );
    expect(await why(verifier.verify(await other.issue({ serviceAccount, audience })))).toBe(
      'foreign: the token is of another issuer than sluice-local',
    );
    expect(await why(verifier.verify('admin-token'))).toBe('foreign: the token is none of a ServiceAccount');
  });

  test('that is signed with another key, not signed at all, or too long is not valid', async () => {
    const [issuer, forger] = [await createLocalIssuer(), await createLocalIssuer()];
    const verifier = createTokenVerifier({ source: sourceOf(issuer), audiences });
    expect(await why(verifier.verify(await forger.issue({ serviceAccount, audience })))).toMatch(/^invalid: /);
    const [, claims] = (await issuer.issue({ serviceAccount, audience })).split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    expect(await why(verifier.verify(unsigned))).toMatch(/^invalid: /);
    expect(await why(verifier.verify('x'.repeat(20_000)))).toBe('invalid: the token is too long');
  });

  test('that ends never, or is of no ServiceAccount, is not valid', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }];
    const source: KeySource = { name: 'keys', load: () => Promise.resolve({ issuer: 'i', keys: { keys } }) };
    const verifier = createTokenVerifier({ source, audiences });
    const signed = (subject: string, lifetime?: string): Promise<string> => {
      const token = new SignJWT().setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer('i').setAudience(audience);
      token.setSubject(subject);
      return (lifetime === undefined ? token : token.setExpirationTime(lifetime)).sign(privateKey);
    };
    expect(await why(verifier.verify(await signed('system:serviceaccount:a:b')))).toMatch(/^invalid: .*"exp"/);
    expect(await why(verifier.verify(await signed('jane', '1h')))).toBe(
      'invalid: the token is of jane, which is no ServiceAccount',
    );
  });
});

describe('the keys', () => {
  test('are read again when tokens name a new one, but not for each such token', async () => {
    const [before, after, forger] = [await createLocalIssuer(), await createLocalIssuer(), await createLocalIssuer()];
    let clock = Date.now();
    const issuers = [before];
    const source = sourceOf();
    source.load = function load() {
      this.loads += 1;
      return sourceOf(...issuers).load();
    };
    const verifier = createTokenVerifier({ source, audiences, now: () => clock });
    const old = await before.issue({ serviceAccount, audience });
    expect(await why(verifier.verify(old))).toBe('taken');
    issuers.push(after);
    clock += 11_000;
    expect(await why(verifier.verify(await after.issue({ serviceAccount, audience })))).toBe('taken');
    expect(await why(verifier.verify(old))).toBe('taken');
    expect(source.loads).toBe(2);
    for (let count = 0; count < 50; count += 1)
      expect(await why(verifier.verify(await forger.issue({ serviceAccount, audience })))).toMatch(/^invalid/);
    expect(source.loads).toBe(2);
  });

  test('that cannot be read make calls wait, not fail for good, and those known go on', async () => {
    const issuer = await createLocalIssuer();
    let clock = Date.now();
    let isAway = true;
    const good = sourceOf(issuer);
    const source: KeySource = {
      name: 'the API server',
      load: () => (isAway ? Promise.reject(new Error('no answer within 10000 ms')) : good.load()),
    };
    const verifier = createTokenVerifier({ source, audiences, now: () => clock });
    const token = await issuer.issue({ serviceAccount, audience });
    expect(await why(verifier.verify(token))).toBe(
      'unavailable: tokens cannot be checked now: the API server does not say by which keys (no answer within 10000 ms)',
    );
    isAway = false;
    clock += 11_000;
    expect(await why(verifier.verify(token))).toBe('taken');
    isAway = true;
    clock += 300_000;
    expect(await why(verifier.verify(await issuer.issue({ serviceAccount, audience, lifetimeS: 7_200 })))).toBe(
      'taken',
    );
  });

  test('come from what an API server publishes, also as text', async () => {
    const { keysFile } = await createLocalIssuer('https://kubernetes.default.svc');
    const { issuer, keys } = JSON.parse(keysFile) as { issuer: string; keys: unknown };
    const get = (path: string): Promise<unknown> =>
      Promise.resolve(path === '/openid/v1/jwks' ? JSON.stringify({ keys }) : { issuer });
    expect(await keysFromCluster(get).load()).toEqual({ issuer, keys: { keys } });
    await expect(keysFromCluster(() => Promise.resolve({})).load()).rejects.toThrow('publishes no keys');
  });

  test('of a file that is none are refused with what is missing', async () => {
    await expect(keysFromFile(`${import.meta.dirname}/../../package.json`).load()).rejects.toThrow(
      'is no key file: it needs "issuer" and "keys"',
    );
  });
});
