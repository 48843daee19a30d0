import { type KubeClient, resources } from '@sluice/kube';
import type { AnalysisRun, AnalysisTemplate } from '@sluice/model';
import type { Command } from 'commander';
import { CommandError, UsageError } from '../errors.ts';
import { repeated } from '../flags.ts';
import { firstSchemaError, readManifestFile } from '../manifest.ts';
import { analysisRunFrom } from '../patches/analysis-run.ts';
import { type Session, printLine } from '../session.ts';

interface Flags {
  readonly from?: string;
  readonly fromFile?: string;
  readonly global?: boolean;
  readonly argument?: string[];
  readonly name?: string;
  readonly generateName?: string;
  readonly instanceId?: string;
}

export function registerCreateAnalysisRun(create: Command, session: Session): void {
  create
    .command('analysisrun')
    .aliases(['ar', 'analysisruns'])
    .description("measure an AnalysisTemplate's metrics once")
    .option('--from <NAME>', 'the AnalysisTemplate to measure')
    .option('--from-file <FILE>', 'a file with the AnalysisTemplate to measure')
    .option('--global', 'the template is a ClusterAnalysisTemplate')
    .option('-a, --argument <NAME=VALUE>', "a value for one of the template's arguments; can be repeated", repeated)
    .option('--name <NAME>', 'the name of the run')
    .option('--generate-name <PREFIX>', 'what the name of the run begins with; TEMPLATE- when absent')
    .option('--instance-id <ID>', 'the controller instance that is to measure')
    .action(async (flags: Flags) => {
      const args = (flags.argument ?? []).map(readArgument);
      const client = await session.client();
      const template = await readTemplate(client, flags);
      const namespace = template.metadata.namespace ?? client.namespace;
      const run = analysisRunFrom(template, { ...flags, args, namespace });
      const created = await client.create<AnalysisRun>(resources.analysisRuns, run);
      printLine(session, `analysisrun.argoproj.io/${created.metadata.name} created`);
    });
}

function readArgument(text: string): { name: string; value: string } {
  const [name = '', ...rest] = text.split('=');
  if (name === '' || rest.length === 0) throw new UsageError(`arguments must be in the form NAME=VALUE, got "${text}"`);
  return { name, value: rest.join('=') };
}

async function readTemplate(client: KubeClient, { from, fromFile, global }: Flags): Promise<AnalysisTemplate> {
  if (from !== undefined && fromFile !== undefined) throw new CommandError('--from and --from-file exclude each other');
  if (from !== undefined) {
    const ref = global === true ? resources.clusterAnalysisTemplates : resources.analysisTemplates;
    return client.get<AnalysisTemplate>(ref, { namespace: client.namespace, name: from });
  }
  if (fromFile === undefined) throw new CommandError('one of --from or --from-file must be specified');
  return templateIn(fromFile, global === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate');
}

function templateIn(file: string, kind: 'AnalysisTemplate' | 'ClusterAnalysisTemplate'): AnalysisTemplate {
  const [manifest, ...more] = readManifestFile(file);
  if (manifest === undefined || more.length > 0) throw new CommandError(`${file}: expected exactly one object`);
  const { object } = manifest;
  if (object.kind !== kind) throw new CommandError(`${file}: expected kind ${kind}, got ${object.kind ?? 'none'}`);
  const error = firstSchemaError(object, kind);
  if (error !== undefined) throw new CommandError(`${file}: ${error}`);
  return { ...(object as AnalysisTemplate), metadata: object.metadata ?? {} };
}
