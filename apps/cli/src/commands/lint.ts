import type { Command } from 'commander';
import { CommandError } from '../errors.ts';
import { lintErrors } from '../lint.ts';
import { readManifestFile } from '../manifest.ts';
import { type Session, printLine } from '../session.ts';

export function registerLint(program: Command, session: Session): void {
  program
    .command('lint')
    .description('check the Rollouts in a file, with the Services and Ingresses beside them; needs no cluster')
    .requiredOption('-f, --filename <FILE>', 'a file with YAML documents')
    .action(({ filename }: { filename: string }) => {
      const errors = lintErrors(readManifestFile(filename), filename);
      for (const error of errors) printLine(session, error);
      const [first] = errors;
      if (first !== undefined) throw new CommandError(first);
    });
}
