import { tallyWrites } from '@sluice/tools-control-plane';
import type { Write, WriteCounts } from '@sluice/tools-control-plane';

interface WriteRecord extends Omit<Write, 'what'> {
  readonly user: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Starts to count what `user` writes to the local cluster at `server`, which keeps a record of every write. */
export async function watchLocalWrites(server: string, user: string): Promise<() => Promise<WriteCounts>> {
  const since = Date.now();
  return async () => {
    const answer = await fetch(`${server}/__writes`);
    const { writes } = (await answer.json()) as { writes: readonly WriteRecord[] };
    const counted = writes.filter((write) => write.user === user && write.at >= since && !write.dryRun);
    return tallyWrites(
      counted.map((write) => ({
        ...write,
        what: `${write.namespace}/${write.resource}/${write.name}/${write.subresource}`,
      })),
    );
  };
}
