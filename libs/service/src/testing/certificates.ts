import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

// Certificates for tests of TLS: real ones, made on the spot.

/** PEM texts. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

const settings = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

export async function authority(name: string): Promise<KeyPair> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    ...settings,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key, cert };
}

export interface CertificateOptions {
  /** A year from now. */
  readonly until?: Date;
  /** For servers alone: such a certificate does not let its holder call anybody. */
  readonly serverOnly?: boolean;
}

/** A certificate for a host name, of the given authority. */
export async function certificate(host: string, by: KeyPair, options: CertificateOptions = {}): Promise<KeyPair> {
  const { until, serverOnly = false } = options;
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    ...settings,
    ...(until !== undefined && { notBeforeDate: new Date(until.getTime() - 86_400_000), notAfterDate: until }),
    ca: by,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: !serverOnly },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  });
  return { key, cert };
}

export interface PemDirectory {
  /** Paths of `<name>.crt` and `<name>.key`; written again, they are renewed. */
  write(name: string, pair: KeyPair): { readonly certFile: string; readonly keyFile: string };
  remove(): void;
}

/** A directory of PEM files, as a Secret is mounted. */
export function pemDirectory(): PemDirectory {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  return {
    write(name, { key, cert }) {
      const certFile = join(directory, `${name}.crt`);
      const keyFile = join(directory, `${name}.key`);
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key);
      return { certFile, keyFile };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
