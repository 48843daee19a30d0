import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Session, printLine } from '../session.ts';

export function registerVersion(program: Command, session: Session): void {
  program
    .command('version')
    .description('print the version of this program')
    .option('--short', 'only the version')
    .action((flags: { short?: boolean }) => {
      printLine(session, `sluice: v${version()}`);
      if (flags.short === true) return;
      printLine(session, `  NodeVersion: ${process.version}`);
      printLine(session, `  Platform: ${process.platform}/${process.arch}`);
    });
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
