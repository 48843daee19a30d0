import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

interface Authority {
  readonly key: string;
  readonly cert: string;
}

const settings = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

export async function authority(name: string): Promise<Authority> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    ...settings,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key, cert };
}

/** A certificate for a host name, of the given authority. */
export async function certificate(host: string, by: Authority): Promise<Authority> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    ...settings,
    ca: by,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  });
  return { key, cert };
}

/** A directory of PEM files, as a Secret is mounted. */
export function pemDirectory() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  return {
    write(name: string, { key, cert }: Authority): { certFile: string; keyFile: string } {
      const certFile = join(directory, `${name}.crt`);
      const keyFile = join(directory, `${name}.key`);
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key);
      return { certFile, keyFile };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
