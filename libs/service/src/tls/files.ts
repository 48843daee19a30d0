import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { experimental } from '@grpc/grpc-js';

type CertificateProvider = experimental.CertificateProvider;
type CaListener = Parameters<CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<CertificateProvider['addIdentityCertificateListener']>[0];

/** PEM files, each as a Secret is mounted. */
export interface TlsFiles {
  /** Authorities that may have signed what the other side shows. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** How often the files are looked at: 30 s. */
  readonly refreshMs?: number | undefined;
  readonly logger?: TlsLogger | undefined;
}

/** As loggers of services have it. */
export interface TlsLogger {
  warn(fields: object, message: string): void;
}

export interface Identity {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly identity?: Identity;
}

/** Thrown for files that cannot be used; the message says which, and how to mend it. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

/**
 * Reads the files and checks that they hold what they should: certificates, and a key that belongs to the certificate. Throws TlsFileError. A certificate that has
 * run out passes: whoever is shown it refuses it, and says so.
 */
export function readTlsFiles({ caFile, certFile, keyFile }: TlsFiles): TlsMaterial {
  const ca = caFile === undefined ? undefined : authorityIn(caFile);
  const identity = certFile === undefined || keyFile === undefined ? undefined : identityIn(certFile, keyFile);
  return { ...(ca !== undefined && { ca }), ...(identity !== undefined && { identity }) };
}

function authorityIn(file: string): Buffer {
  const ca = contentOf(file);
  certificateIn(ca, file);
  return ca;
}

function identityIn(certFile: string, keyFile: string): Identity {
  const certificate = contentOf(certFile);
  const privateKey = contentOf(keyFile);
  const leaf = certificateIn(certificate, certFile);
  let belongs: boolean;
  try {
    belongs = leaf.checkPrivateKey(createPrivateKey(privateKey));
  } catch (cause) {
    throw new TlsFileError(`${keyFile} holds no private key: it must be a PEM file without a passphrase`, { cause });
  }
  if (!belongs) throw new TlsFileError(`the key in ${keyFile} is not that of the certificate in ${certFile}`);
  return { certificate, privateKey };
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new TlsFileError(`${file} cannot be read (${code})`, { cause });
  }
}

function certificateIn(pem: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TlsFileError(`${file} holds no certificate: it must be a PEM file`, { cause });
  }
}

const defaultRefreshMs = 30_000;
const warnBeforeMs = 24 * 3_600_000;

/**
 * Gives gRPC what is in the files, and again when that changes. While files are being renewed, their content may not fit together: what was right last goes on
 * counting, and the log says why.
 */
export function watchTlsFiles(files: TlsFiles): CertificateProvider {
  const { refreshMs = defaultRefreshMs, logger } = files;
  const caListeners = new Set<CaListener>();
  const identityListeners = new Set<IdentityListener>();
  let material: TlsMaterial = {};
  let told = '';
  let timer: NodeJS.Timeout | undefined;

  function tell(what: string, fields: object = {}): void {
    if (what !== told && what !== '') logger?.warn(fields, what);
    told = what;
  }

  function look(): void {
    try {
      const next = readTlsFiles(files);
      const isNew = !sameMaterial(material, next);
      material = next;
      tell(soonOver(files, next));
      if (!isNew) return;
    } catch (error) {
      tell(`certificates cannot be renewed, those from before go on counting: ${(error as Error).message}`);
      return;
    }
    for (const listener of caListeners) listener(caUpdate());
    for (const listener of identityListeners) listener(material.identity ?? null);
  }

  const caUpdate = (): Parameters<CaListener>[0] => (material.ca === undefined ? null : { caCertificate: material.ca });

  function listened(): void {
    const isWanted = caListeners.size + identityListeners.size > 0;
    if (isWanted && timer === undefined) {
      look();
      timer = setInterval(look, refreshMs).unref();
    } else if (!isWanted) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  return {
    addCaCertificateListener(listener) {
      caListeners.add(listener);
      listened();
      process.nextTick(() => caListeners.has(listener) && listener(caUpdate()));
    },
    removeCaCertificateListener(listener) {
      caListeners.delete(listener);
      listened();
    },
    addIdentityCertificateListener(listener) {
      identityListeners.add(listener);
      listened();
      process.nextTick(() => identityListeners.has(listener) && listener(material.identity ?? null));
    },
    removeIdentityCertificateListener(listener) {
      identityListeners.delete(listener);
      listened();
    },
  };
}

function soonOver({ certFile }: TlsFiles, { identity }: TlsMaterial): string {
  if (identity === undefined) return '';
  const { validTo } = new X509Certificate(identity.certificate);
  const isSoon = Date.parse(validTo) - Date.now() < warnBeforeMs;
  return isSoon ? `the certificate in ${certFile} is good until ${validTo} only: renew it` : '';
}

function sameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  const same = (left: Buffer | undefined, right: Buffer | undefined): boolean =>
    left === undefined || right === undefined ? left === right : left.equals(right);
  return (
    same(a.ca, b.ca) &&
    same(a.identity?.certificate, b.identity?.certificate) &&
    same(a.identity?.privateKey, b.identity?.privateKey)
  );
}
