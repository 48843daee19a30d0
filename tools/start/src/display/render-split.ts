import type { Split, Totals } from '@sluice/local-cluster';

/** What clients got beside what was asked for, in one line for a terminal; whoever gets nothing and should not is left out. */
export function renderSplit({ asked, versions, requests, failed, avoidable }: Split): string {
  const wanted = new Map(asked?.shares.map(({ hash, percent }) => [hash, percent]));
  const part = (name: string, hashes: readonly string[], percent: number): string => {
    const share = hashes.reduce((sum, hash) => sum + (wanted.get(hash) ?? 0), 0);
    return `${name} ${Math.round(percent)} %${asked ? ` (${Math.round(share)} asked)` : ''}`;
  };
  const got = versions
    .filter(({ role }) => role !== 'experiment')
    .map(({ role, version, hash, percent }) => part(`${role} ${version}`, [hash], percent));
  // Its versions stand side by side elsewhere.
  const tried = versions.filter(({ role }) => role === 'experiment');
  if (tried.length > 0) {
    const percent = tried.reduce((sum, each) => sum + each.percent, 0);
    got.push(part('experiment', [...new Set(tried.map(({ hash }) => hash))], percent));
  }
  const lost =
    failed === 0 ? '' : `  ${failed} failed${avoidable > 0 ? `, ${avoidable} of them for want of order` : ''}`;
  return `clients get  ${got.join('  ') || 'no answer'}  of ${requests} requests${lost}`;
}

/** What became of all requests, in one sentence. */
export function renderTotals({
  requests,
  failed,
  avoidable,
}: Pick<Totals, 'requests' | 'failed' | 'avoidable'>): string {
  const end =
    failed === 0 ? 'every one was answered' : `${failed} were not answered, ${avoidable} of them for want of order`;
  return `Clients sent ${requests} requests meanwhile; ${end}.`;
}
