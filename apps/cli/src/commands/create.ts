import { type KubeClient, type ResourceRef, resources } from '@sluice/kube';
import type { KindName, KubeObject } from '@sluice/model';
import type { Command } from 'commander';
import { CommandError, UsageError } from '../errors.ts';
import { repeated } from '../flags.ts';
import { firstSchemaError, groupKindOf, kindOf, readManifestFile } from '../manifest.ts';
import { type Session, printLine } from '../session.ts';
import { registerCreateAnalysisRun } from './create-analysisrun.ts';
import { watchExperiment } from './get-experiment.ts';
import { watchRollout } from './get-rollout.ts';

const REFS: Readonly<Record<KindName, ResourceRef>> = {
  Rollout: resources.rollouts,
  Experiment: resources.experiments,
  AnalysisTemplate: resources.analysisTemplates,
  ClusterAnalysisTemplate: resources.clusterAnalysisTemplates,
  AnalysisRun: resources.analysisRuns,
};

interface Flags {
  readonly filename?: string[];
  readonly watch?: boolean;
  readonly color?: boolean;
}

export function registerCreate(program: Command, session: Session): void {
  const create = program
    .command('create')
    .description('create a Rollout, Experiment, AnalysisTemplate, ClusterAnalysisTemplate or AnalysisRun from a file')
    .option('-f, --filename <FILE>', 'a file with one YAML or JSON object; can be repeated', repeated)
    .option('-w, --watch', 'then show the Rollout or Experiment and keep the view up to date')
    .option('--no-color', 'print without colours')
    .action((flags: Flags) => createFromFiles(session, flags));
  registerCreateAnalysisRun(create, session);
}

/** A manifest that has been read and is of a kind that can be created. */
interface Creatable {
  readonly kind: KindName;
  readonly object: KubeObject;
}

async function createFromFiles(session: Session, flags: Flags): Promise<void> {
  if (flags.filename === undefined) throw new UsageError('must specify one of --filename or a subcommand');
  const creatables = flags.filename.map(readCreatable);
  const [only] = creatables;
  if (flags.watch === true && (creatables.length !== 1 || (only?.kind !== 'Rollout' && only?.kind !== 'Experiment'))) {
    throw new CommandError('--watch needs exactly one file, with a Rollout or an Experiment');
  }
  const client = await session.client();
  for (const creatable of creatables) await createOne(session, client, creatable);
  if (flags.watch !== true || only === undefined) return;
  const { name, namespace } = only.object.metadata;
  const watch = only.kind === 'Rollout' ? watchRollout : watchExperiment;
  await watch(session, name, { color: flags.color, timeoutSeconds: 0, namespace });
}

function readCreatable(file: string): Creatable {
  const manifests = readManifestFile(file);
  const [manifest] = manifests;
  if (manifest === undefined || manifests.length > 1) {
    throw new CommandError(`${file}: expected exactly one object, got ${manifests.length}`);
  }
  const { object } = manifest;
  const kind = kindOf(object);
  if (kind === undefined) throw new CommandError(`creates of ${groupKindOf(object)} unsupported`);
  const error = firstSchemaError(object, kind);
  if (error !== undefined) throw new CommandError(`${file}: ${error}`);
  return { kind, object };
}

async function createOne(session: Session, client: KubeClient, { kind, object }: Creatable): Promise<void> {
  const ref = REFS[kind];
  const namespace = object.metadata?.namespace ?? client.namespace;
  const metadata = ref.namespaced ? { ...object.metadata, namespace } : object.metadata;
  const created = await client.create<KubeObject>(ref, { ...object, metadata }, { fieldValidation: 'Strict' });
  // Cluster templates too are announced as analysistemplate: scripts match on it.
  const shown = kind === 'ClusterAnalysisTemplate' ? 'analysistemplate' : kind.toLowerCase();
  printLine(session, `${shown}.argoproj.io/${created.metadata.name} created`);
}
