import type { Split, Totals } from '@sluice/local-cluster';

/** What clients got beside what was asked for, in one line for a terminal; whoever gets nothing and should not is left out. */
export function renderSplit({ asked, versions, requests, failed, avoidable }: Split): string {
  const wanted = new Map(asked?.shares.map(({ hash, percent }) => [hash, percent]));
  const got = versions.map(({ role, version, hash, percent }) => {
    const share = asked ? ` (${Math.round(wanted.get(hash) ?? 0)} asked)` : '';
    return `${role} ${version} ${Math.round(percent)} %${share}`;
  });
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
