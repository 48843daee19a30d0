// The cluster that a table of requests or commands runs against: the local one, or a real control plane when SLUICE_TEST_KUBECONFIG names one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLocalCluster } from '../src/cluster.ts';

export interface Target {
  readonly real: boolean;
  /** For kubectl. */
  readonly kubeconfig: string;
  /** A directory that goes when the target stops. */
  readonly scratch: string;
  send(request: RawRequest): Promise<RawAnswer>;
  stop(): Promise<void>;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface RawAnswer {
  readonly code: number;
  readonly warnings: readonly string[];
  readonly text: string;
}

const field = (text: string, name: string): string | undefined =>
  new RegExp(`"?\\b${name}"?:\\s*"?([^"',}\\s]+)`).exec(text)?.[1];

function sender(kubeconfig: string): { send: Target['send']; close(): void } {
  const text = readFileSync(kubeconfig, 'utf8');
  const url = new URL(field(text, 'server') ?? '');
  const ca = field(text, 'certificate-authority');
  const lib = url.protocol === 'https:' ? https : http;
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({
          keepAlive: true,
          ...(ca ? { ca: readFileSync(path.resolve(path.dirname(kubeconfig), ca)) } : {}),
        })
      : new http.Agent({ keepAlive: true });
  const send: Target['send'] = ({
    method,
    path: at,
    body,
    contentType = 'application/json',
    accept = 'application/json',
  }) =>
    new Promise((resolve, reject) => {
      const headers = {
        accept,
        authorization: `Bearer ${field(text, 'token')}`,
        ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
      };
      const request = lib.request(
        { hostname: url.hostname, port: url.port, path: at, method, agent, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (c: Buffer) => chunks.push(c));
          response.on('end', () => {
            const warning = response.headersDistinct.warning ?? [];
            resolve({ code: response.statusCode ?? 0, warnings: warning, text: Buffer.concat(chunks).toString() });
          });
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  return { send, close: () => agent.destroy() };
}

/** `local`: the local cluster, whatever the environment says. */
export async function openTarget({ local = false } = {}): Promise<Target> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'local-cluster-test-'));
  const given = local ? undefined : process.env.SLUICE_TEST_KUBECONFIG;
  const cluster = given ? undefined : await startLocalCluster();
  const kubeconfig = given ?? path.join(scratch, 'kubeconfig');
  cluster?.writeKubeconfig(kubeconfig);
  const { send, close } = sender(kubeconfig);
  return {
    real: given !== undefined,
    kubeconfig,
    scratch,
    send,
    async stop() {
      close();
      await cluster?.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Makes what was seen independent of when and where it ran. */
export const withoutChance = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/in record \(\d+\)/g, 'in record (<any>)');
