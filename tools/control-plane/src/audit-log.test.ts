import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countWrites, watchWrites } from './audit-log.ts';

let log: string;
beforeEach(() => {
  log = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-audit-')), 'audit.log');
});
afterEach(() => fs.rmSync(path.dirname(log), { recursive: true }));

interface Call {
  verb: string;
  uri: string;
  resource: string;
  group?: string;
  subresource?: string;
  user?: string;
  code?: number;
  stage?: string;
}
const status: Call = {
  verb: 'patch',
  uri: '/apis/argoproj.io/v1alpha1/namespaces/a/rollouts/r/status',
  group: 'argoproj.io',
  resource: 'rollouts',
  subresource: 'status',
};
const lease: Call = { verb: 'update', uri: '/apis/coordination.k8s.io/v1/namespaces/s/leases/l', resource: 'leases' };

function write(...calls: Call[]): void {
  const entries = calls.map(
    ({ verb, uri, resource, group, subresource, user = 'sut', code = 200, stage = 'ResponseComplete' }) => ({
      stage,
      verb,
      requestURI: uri,
      user: { username: user },
      objectRef: { resource, apiGroup: group, subresource },
      responseStatus: { code },
    }),
  );
  fs.appendFileSync(log, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

describe('the writes in an audit log', () => {
  it('are counted by resource and verb', () => {
    const create: Call = {
      verb: 'create',
      uri: '/apis/apps/v1/namespaces/a/replicasets',
      group: 'apps',
      resource: 'replicasets',
    };
    write(status, status, create, { ...status, verb: 'get' }, { ...status, verb: 'watch' });
    expect(countWrites(log)).toMatchObject({
      total: 3,
      byResource: { 'argoproj.io/rollouts/status': { patch: 2 }, 'apps/replicasets': { create: 1 } },
    });
  });

  it('leave Leases and Events apart, and what was refused', () => {
    write(lease, { ...status, code: 409 }, { verb: 'create', uri: '/api/v1/namespaces/a/events', resource: 'events' });
    expect(countWrites(log)).toMatchObject({ total: 0, leases: 1, events: 1, refused: 1, byResource: {} });
  });

  it('do not include dry runs, access reviews, other users and unfinished calls', () => {
    const review: Call = {
      verb: 'create',
      uri: '/x',
      group: 'authorization.k8s.io',
      resource: 'selfsubjectaccessreviews',
    };
    write(
      { ...status, uri: `${status.uri}?dryRun=All` },
      review,
      { ...status, user: 'admin' },
      { ...status, stage: 'ResponseStarted' },
    );
    expect(countWrites(log)).toMatchObject({ total: 0, refused: 0 });
  });

  it('can be counted from a moment on, and in one namespace', () => {
    write(status);
    const since = watchWrites(log);
    expect(since().total).toBe(0);
    write(status, { ...status, uri: status.uri.replace('/a/', '/b/') });
    expect(since().total).toBe(2);
    expect(countWrites(log, { namespace: 'b' })).toMatchObject({
      total: 1,
      first: [expect.stringContaining('/namespaces/b/')],
    });
  });

  it('may end in a line that is still being written', () => {
    write(status);
    fs.appendFileSync(log, '{"stage":"Resp');
    expect(countWrites(log).total).toBe(1);
  });
});
