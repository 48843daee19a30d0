import fs from 'node:fs';

/** What the services under test wrote, read from the API server's audit log. */
export interface WriteCounts {
  /** Writes that the API server accepted, Leases, Events and dry runs aside. */
  readonly total: number;
  readonly leases: number;
  readonly events: number;
  /** Writes that it refused (409, 422, …). */
  readonly refused: number;
  /** The accepted writes by resource and verb: `{'argoproj.io/rollouts/status': {patch: 3}}`. */
  readonly byResource: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The first accepted and refused writes one by one, for people: `patch /apis/apps/v1/namespaces/a/replicasets/b`. */
  readonly first: readonly string[];
}

const SHOWN = 20;

interface AuditEntry {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: { readonly resource?: string; readonly apiGroup?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** One call that wants to write. */
export interface Write {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Of the answer. */
  readonly code: number;
  /** Which object, for people. */
  readonly what: string;
}

/** Adds writes up. */
export function tallyWrites(writes: Iterable<Write>): WriteCounts {
  const counts = { total: 0, leases: 0, events: 0, refused: 0 };
  const byResource: Record<string, Record<string, number>> = {};
  const first: string[] = [];
  for (const { verb, group, resource, subresource, code, what } of writes) {
    if (resource === 'leases') counts.leases++;
    else if (resource === 'events') counts.events++;
    else {
      if (first.length < SHOWN) first.push(`${verb} ${what} ${code}`);
      if (code >= 400) counts.refused++;
      else {
        counts.total++;
        const verbs = (byResource[[group, resource, subresource].filter(Boolean).join('/')] ??= {});
        verbs[verb] = (verbs[verb] ?? 0) + 1;
      }
    }
  }
  return { ...counts, byResource, first };
}

/** Counts what `user` wrote since byte `from` of the log; `namespace` leaves out all others. */
export function countWrites(
  auditLog: string,
  { user = 'sut', from = 0, namespace }: { user?: string; from?: number; namespace?: string } = {},
): WriteCounts {
  const writes = [...entriesOf(auditLog, from)]
    .filter((entry) => isWriteOf(user, entry))
    .filter((entry) => namespace === undefined || entry.requestURI.includes(`/namespaces/${namespace}/`))
    .map(
      ({ verb, requestURI, objectRef: { apiGroup = '', resource = '', subresource = '' } = {}, responseStatus }) => ({
        ...{ verb, resource, subresource },
        group: apiGroup,
        code: responseStatus?.code ?? 0,
        what: requestURI.replace(/\?.*/, ''),
      }),
    );
  return tallyWrites(writes);
}

/** Remembers where the log ends now; the answer counts what was written since. */
export function watchWrites(auditLog: string, options: { user?: string; namespace?: string } = {}): () => WriteCounts {
  const from = fs.statSync(auditLog, { throwIfNoEntry: false })?.size ?? 0;
  return () => countWrites(auditLog, { ...options, from });
}

function isWriteOf(user: string, entry: AuditEntry): boolean {
  if (entry.user?.username !== user || !WRITES.has(entry.verb) || /[?&]dryRun=All/.test(entry.requestURI)) return false;
  // Access reviews are questions that are asked by POST: nothing is stored.
  if (/^(authorization|authentication)\.k8s\.io$/.test(entry.objectRef?.apiGroup ?? '')) return false;
  return entry.stage === 'ResponseComplete' || entry.stage === 'Panic';
}

function* entriesOf(auditLog: string, from: number): Generator<AuditEntry> {
  const file = fs.openSync(auditLog, 'r');
  try {
    const bytes = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    for (let at = from, read; (read = fs.readSync(file, bytes, 0, bytes.length, at)) > 0; at += read) {
      rest = Buffer.concat([rest, bytes.subarray(0, read)]);
      for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) {
        if (end > 0) yield JSON.parse(rest.toString('utf8', 0, end)) as AuditEntry;
      }
    }
  } finally {
    fs.closeSync(file);
  }
}
