import { createInformer, resources } from '@sluice/kube';
import { type Rollout, formatTime } from '@sluice/model';
import type { Command } from 'commander';
import { drawWhileWatching } from '../live.ts';
import { type Session, printLine } from '../session.ts';
import { type ListColumns, rolloutListHeader, rolloutListRow, rolloutListWidths } from '../view/list.ts';
import { displayWidth, renderTable } from '../view/table.ts';

interface Flags {
  readonly allNamespaces?: boolean;
  readonly name?: string;
  readonly timestamps?: boolean;
  readonly watch?: boolean;
}

export function registerListRollouts(list: Command, session: Session): void {
  list
    .command('rollouts')
    .aliases(['ro', 'rollout'])
    .description('list Rollouts')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('--name <ROLLOUT>', 'only the Rollout of this name')
    .option('--timestamps', 'print the time before each row')
    .option('-w, --watch', 'go on with a row for each change until stopped')
    .action((flags: Flags) => listRollouts(session, flags));
}

async function listRollouts(session: Session, flags: Flags): Promise<void> {
  const client = await session.client();
  const columns: ListColumns = { allNamespaces: flags.allNamespaces === true, timestamps: flags.timestamps === true };
  const namespaces = columns.allNamespaces ? undefined : [client.namespace];
  const selector = flags.name === undefined ? {} : { fieldSelector: `metadata.name=${flags.name}` };
  const { items } = await client.list<Rollout>(resources.rollouts, {
    ...(namespaces === undefined ? {} : { namespace: client.namespace }),
    ...selector,
  });
  if (items.length === 0 && flags.watch !== true) {
    session.terminal.writeError('No resources found.\n');
    return;
  }
  const rows = createRowPrinter(session, columns, items);
  if (flags.watch !== true) return;
  const informer = createInformer<Rollout>({ client, ref: resources.rollouts, namespaces, ...selector });
  informer.start();
  try {
    await drawWhileWatching(
      session,
      (changed) => void informer.onChange(changed),
      0,
      () => {
        rows.print(informer.list());
        return 'more';
      },
    );
  } finally {
    await informer.stop();
  }
}

/** Prints the header and the first rows, then only rows that say something new, in the same columns. */
function createRowPrinter(
  session: Session,
  columns: ListColumns,
  first: readonly Rollout[],
): { print(rollouts: readonly Rollout[]): void } {
  const shown = new Map<string, string>();
  const withTime = (row: string[]) => [...(columns.timestamps ? [formatTime(session.terminal.now())] : []), ...row];
  const header = rolloutListHeader(columns);
  const firstRows = first.map((rollout) => withTime(rolloutListRow(rollout, columns)));
  const widths = rolloutListWidths(columns).map((width, column) =>
    Math.max(width, ...[header, ...firstRows].map((row) => displayWidth(row[column] ?? ''))),
  );
  for (const line of renderTable([header, ...firstRows], widths)) printLine(session, line);
  for (const rollout of first) shown.set(rollout.metadata.uid ?? '', rolloutListRow(rollout, columns).join(' '));
  return {
    print(rollouts) {
      for (const rollout of rollouts) {
        const row = rolloutListRow(rollout, columns);
        const uid = rollout.metadata.uid ?? '';
        if (shown.get(uid) === row.join(' ')) continue;
        shown.set(uid, row.join(' '));
        for (const line of renderTable([withTime(row)], widths)) printLine(session, line);
      }
    },
  };
}
