import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { CommandError, SilentFailure, UsageError } from '../errors.ts';
import { lintErrors } from '../lint.ts';
import { lintFiles } from '../lint/index.ts';
import { reportJson, reportText } from '../lint/report.ts';
import { readManifestFile } from '../manifest.ts';
import { type Session, printLine } from '../session.ts';

const help = `
Reads YAML or JSON documents; folders are searched for .yaml, .yml and .json files. All files are looked at together: a Rollout finds
the AnalysisTemplates of another file. References to templates that are in none of them are noted, and not checked.

Prints FILE:LINE:COLUMN, what is wrong there, and the line itself. Errors keep an object from working; warnings are almost surely not
what was meant; notes say what could not be checked. Exit status 1 if there are errors.

With -f only the Rollouts of one file are checked, with the Services and Ingresses beside them, one line for each error.

Examples:
  sluice lint rollout.yaml templates/
  sluice lint -o json manifests/ | jq '.findings[] | select(.severity == "error")'
`;

export function registerLint(program: Command, session: Session): void {
  program
    .command('lint')
    .description('find mistakes in Rollouts and analysis templates, with line and column; needs no cluster')
    .argument('[FILES...]', 'files or folders with manifests')
    .option('-f, --filename <FILE>', 'check only the Rollouts of a file')
    .addOption(
      new Option('-o, --output <FORMAT>', 'how findings are printed').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', help)
    .action((paths: string[], { filename, output }: { filename?: string; output: 'text' | 'json' }) => {
      if (filename !== undefined && paths.length > 0) throw new UsageError('give either FILES or -f FILE, not both');
      if (filename !== undefined) return lintRollouts(filename, session);
      if (paths.length === 0) throw new UsageError('name the files or folders to check: sluice lint FILE...');
      const findings = lintFiles(paths.flatMap(filesAt).map((name) => ({ name, text: readText(name) })));
      session.terminal.write(output === 'json' ? reportJson(findings) : reportText(findings));
      if (findings.some(({ severity }) => severity === 'error')) throw new SilentFailure();
    });
}

function lintRollouts(filename: string, session: Session): void {
  const errors = lintErrors(readManifestFile(filename), filename);
  for (const error of errors) printLine(session, error);
  const [first] = errors;
  if (first !== undefined) throw new CommandError(first);
}

/** The file itself, or all manifests in a folder and the folders in it, in the order of their names. */
function filesAt(path: string): string[] {
  if (!isFolder(path)) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(?:^|\/)(?:node_modules|\.[^./][^/]*)\//.test(file.slice(path.length)));
  if (entries.length === 0) throw new CommandError(`there is no .yaml, .yml or .json file in ${path}`);
  return entries.sort();
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new CommandError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}
