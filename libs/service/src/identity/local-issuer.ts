import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** Issues tokens as an API server does for ServiceAccounts, for services that run outside of a cluster. Its private key lives in this process alone. */
export interface LocalIssuer {
  /** What `--auth-keys` takes, as the text of a file. */
  readonly keysFile: string;
  /** `serviceAccount`: `namespace/name`. */
  issue(token: {
    readonly serviceAccount: string;
    readonly audience: string;
    readonly lifetimeS?: number;
  }): Promise<string>;
}

export async function createLocalIssuer(issuer = 'sluice-local'): Promise<LocalIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const key: JWK = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: 'ES256', use: 'sig' };
  return {
    keysFile: JSON.stringify({ issuer, keys: [key] }),
    issue({ serviceAccount, audience, lifetimeS = 3_600 }) {
      const [namespace, name] = serviceAccount.split('/') as [string, string];
      return new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name } } })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid as string })
        .setIssuer(issuer)
        .setSubject(`system:serviceaccount:${namespace}:${name}`)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeS}s`)
        .sign(privateKey);
    },
  };
}
