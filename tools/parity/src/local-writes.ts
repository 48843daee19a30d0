import type { WriteCounts } from '@sluice/tools-control-plane';

/** Starts to count what the services write to the local cluster at `server`. */
export async function watchLocalWrites(server: string): Promise<() => Promise<WriteCounts>> {
  void server;
  throw new Error('to be written once the local cluster is');
}
