import { resources } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import type { Command } from 'commander';
import { type Session, printLine } from '../session.ts';
import { experimentListHeader, experimentListRow } from '../view/list.ts';
import { renderTable } from '../view/table.ts';

export function registerListExperiments(list: Command, session: Session): void {
  list
    .command('experiments')
    .aliases(['exp', 'experiment'])
    .description('list Experiments')
    .option('-A, --all-namespaces', 'of all namespaces')
    .action(async (flags: { allNamespaces?: boolean }) => {
      const client = await session.client();
      const all = flags.allNamespaces === true;
      const { items } = await client.list<Experiment>(
        resources.experiments,
        all ? {} : { namespace: client.namespace },
      );
      if (items.length === 0) {
        session.terminal.writeError('No resources found.\n');
        return;
      }
      const rows = items.map((experiment) => experimentListRow(experiment, all, session.terminal.now()));
      for (const line of renderTable([experimentListHeader(all), ...rows])) printLine(session, line);
    });
}
