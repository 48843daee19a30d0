import { shardOf } from './shard-of.ts';

/**
 * Who is to have which shard: index of the shard → member. Whoever knows the same members comes to the same answer, in whatever order they are given. Each member gets its
 * share, give or take one, and when a member comes or goes few shards move between the others.
 */
export function assignShards(count: number, members: readonly string[]): readonly string[] {
  const unique = [...new Set(members)].sort();
  if (unique.length === 0) return [];
  const share = Math.floor(count / unique.length);
  let moreThanShare = count % unique.length;
  const had = new Map(unique.map((member) => [member, 0]));
  return Array.from({ length: count }, (_none, shard) => {
    const free = unique.filter((member) => (had.get(member) ?? 0) < share + (moreThanShare > 0 ? 1 : 0));
    const chosen = free.reduce((best, member) => (rank(member, shard) > rank(best, shard) ? member : best));
    const now = (had.get(chosen) ?? 0) + 1;
    had.set(chosen, now);
    if (now > share) moreThanShare -= 1;
    return chosen;
  });
}

/** Each shard has its own order of members, and so a member that goes leaves its shards to many. */
function rank(member: string, shard: number): number {
  return shardOf(`${shard}/${member}/${shard}`, 2 ** 32);
}
