import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, createClient, resources } from '../src/index.ts';
import { json, kubeconfigFor, startFakeApi } from './fake-api.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'sluice-kubeconfig-'));
  vi.stubEnv('HOME', directory);
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

function file(name: string, content: string): string {
  const at = path.join(directory, name);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, content);
  return at;
}

describe('finding the cluster', () => {
  it('takes the named file, its context and namespace', async () => {
    const kubeconfig = file('config', kubeconfigFor('http://127.0.0.1:1', 'user: {}'));
    const connection = await connect({ kubeconfig });
    expect(connection).toMatchObject({ namespace: 'team', source: kubeconfig });
    expect(connection.server.href).toBe('http://127.0.0.1:1/');
    expect((await connect({ kubeconfig, namespace: 'mine' })).namespace).toBe('mine');
  });

  it('merges the files of $KUBECONFIG, the first word on a name wins', async () => {
    const first = file('one', kubeconfigFor('http://127.0.0.1:1', 'user: {token: one}'));
    const second = file(
      'two',
      `${kubeconfigFor('http://127.0.0.1:2', 'user: {}')}`
        .replace('name: main,', 'name: other,')
        .replace('name: c, cluster', 'name: d, cluster')
        .replace('{cluster: c', '{cluster: d'),
    );
    vi.stubEnv('KUBECONFIG', [first, path.join(directory, 'missing'), second].join(path.delimiter));
    expect((await connect()).server.port).toBe('1');
    const other = await connect({ context: 'other' });
    expect(other.server.port).toBe('2');
    expect(await other.headers()).toEqual({ authorization: 'Bearer one' });
  });

  it('falls back to ~/.kube/config, then to the pod', async () => {
    await expect(connect()).rejects.toMatchObject({
      code: 'Config',
      message: expect.stringContaining('no cluster configured') as string,
    });
    file('.kube/config', kubeconfigFor('http://127.0.0.1:3', 'user: {}'));
    expect((await connect()).server.port).toBe('3');
    rmSync(path.join(directory, '.kube'), { recursive: true });
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.0.0.1');
    // Not a pod after all: the account's files are missing, and the error says so.
    await expect(connect()).rejects.toMatchObject({
      code: 'Config',
      message: expect.stringContaining('in-cluster') as string,
    });
  });

  it.each([
    ['a missing file', undefined, {}, 'cannot be read'],
    ['text that is not YAML', 'a: [', {}, 'is not YAML'],
    [
      'an unknown context',
      kubeconfigFor('http://h', 'user: {}'),
      { context: 'nope' },
      'has no context "nope". It has: main.',
    ],
    ['no current context', 'contexts: []', {}, 'has no current-context'],
    [
      'a context without its cluster',
      'current-context: a\ncontexts: [{name: a, context: {cluster: gone}}]',
      {},
      'names cluster "gone"',
    ],
    ['a server that is no URL', kubeconfigFor('http://:x', 'user: {}'), {}, 'which is not a URL'],
    ['a missing key file', kubeconfigFor('https://h', 'user: {client-certificate: no.crt}'), {}, 'no.crt'],
  ])('says what is wrong with %s', async (_what, content, options, message) => {
    const kubeconfig = content === undefined ? path.join(directory, 'missing') : file('config', content);
    await expect(connect({ kubeconfig, ...options })).rejects.toMatchObject({
      code: 'Config',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('authentication', () => {
  const headersWith = async (user: string): Promise<unknown> =>
    (await connect({ kubeconfig: file('config', kubeconfigFor('http://127.0.0.1:1', user)) })).headers();

  it('sends tokens, basic credentials and impersonation', async () => {
    expect(await headersWith('user: {token: abc}')).toEqual({ authorization: 'Bearer abc' });
    expect(await headersWith('user: {username: u, password: p}')).toEqual({
      authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
    });
    expect(await headersWith('user: {token: abc, as: jane, as-groups: [dev]}')).toEqual({
      authorization: 'Bearer abc',
      'impersonate-user': 'jane',
      'impersonate-group': ['dev'],
    });
  });

  it('reads a token file again after it was rotated', async () => {
    vi.useFakeTimers();
    file('token', 'first\n');
    const connection = await connect({
      kubeconfig: file('config', kubeconfigFor('http://127.0.0.1:1', 'user: {tokenFile: token}')),
    });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer first' });
    file('token', 'second\n');
    expect(await connection.headers()).toEqual({ authorization: 'Bearer first' });
    vi.advanceTimersByTime(61_000);
    expect(await connection.headers()).toEqual({ authorization: 'Bearer second' });
    vi.useRealTimers();
  });

  it('runs exec plugins', async () => {
    const api = await startFakeApi();
    const credential = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    });
    const plugin = file('plugin.mjs', `console.log(${JSON.stringify(credential)})`);
    const exec = `user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "${process.execPath}", args: ["${plugin}"], interactiveMode: Never}}`;
    const kubeconfig = file('config', kubeconfigFor(api.url, exec, ', insecure-skip-tls-verify: true'));
    api.script(json(200, { metadata: {} }));
    const client = await createClient({ kubeconfig });
    await client.get(resources.namespaces, { name: 'a' });
    expect(api.requests[0]?.headers['authorization']).toBe('Bearer from-plugin');
    client.close();
    await api.close();
  });
});
