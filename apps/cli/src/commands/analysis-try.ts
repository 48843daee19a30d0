import type { TemplateRef, TryTemplateResponse } from '@sluice/contracts';
import { resources } from '@sluice/kube';
import type { AnalysisTemplate } from '@sluice/model';
import { type Command, Option } from 'commander';
import { addressVariable, analysisRunnerAddress, analysisRunnerTls, tryTemplate } from '../analysis-runner.ts';
import type { TlsFlags } from '../analysis-runner.ts';
import { completesWith } from '../completion.ts';
import { SilentFailure, UsageError } from '../errors.ts';
import { repeated } from '../flags.ts';
import { painter } from '../screen.ts';
import { type Session, printLine } from '../session.ts';
import { outermost, readTemplates } from '../tried-templates.ts';
import { isAllSuccessful, renderTrial, trialJson } from '../view/trial.ts';

interface Flags extends TlsFlags {
  readonly clusterTemplate?: string[];
  readonly file?: string[];
  readonly arg?: string[];
  readonly metric?: string[];
  readonly runJobs?: boolean;
  readonly analysisRunner?: string;
  readonly output: 'text' | 'json';
  readonly color?: boolean;
}

const help = `
Measures each metric of the templates once, as an AnalysisRun would: the analysis-runner does it, through its providers and with the
Secrets of the namespace. Nothing in the cluster is changed. A metric whose measurement makes something, such as a Job, is left out
without --run-jobs; what it makes is deleted afterwards. Several templates are merged as in a Rollout.

Templates of a file come before those of the cluster; without TEMPLATE the ones in the file are tried. They need not be applied.

The analysis-runner of a cluster is reached by
  kubectl -n sluice-system port-forward service/sluice-analysis-runner 8095
  export ${addressVariable}=127.0.0.1:8095
Where it is served with TLS, --tls-ca, --tls-cert and --tls-key are needed too; docs/guides/tls.md shows where to get them.

Exit status 0 if all metrics are Successful, 1 otherwise.

Examples:
  sluice analysis try error-rate --arg service=shop
  sluice analysis try --file templates.yaml --arg service=shop --metric latency
  sluice analysis try smoke-test --run-jobs
`;

export function registerAnalysis(program: Command, session: Session): void {
  const analysis = program.command('analysis').description('try analysis templates before they are used');
  const command = analysis
    .command('try')
    .description('measure each metric of AnalysisTemplates once and show its value, verdict and reason')
    .argument('[TEMPLATES...]', 'AnalysisTemplates of the namespace, or of --file')
    .option('--cluster-template <NAME>', 'also a ClusterAnalysisTemplate; can be repeated', repeated)
    .option('-f, --file <FILE>', 'a file with templates, which need not be in the cluster; can be repeated', repeated)
    .option('-a, --arg <NAME=VALUE>', "a value for one of the templates' arguments; can be repeated", repeated)
    .option('--metric <NAME>', 'only this metric; can be repeated', repeated)
    .option('--run-jobs', 'also measure what makes something in the cluster, such as a Job; it is deleted afterwards')
    .option('--analysis-runner <HOST:PORT>', `where the analysis-runner is; $${addressVariable} when absent`)
    .option('--tls-ca <FILE>', 'authority that signed its certificate (PEM); $SLUICE_TLS_CA when absent')
    .option('--tls-cert <FILE>', 'certificate to show to it (PEM); $SLUICE_TLS_CERT when absent')
    .option('--tls-key <FILE>', 'private key of that certificate (PEM); $SLUICE_TLS_KEY when absent')
    .option('--tls-server-name <NAME>', 'name that its certificate is for; $SLUICE_TLS_SERVER_NAME when absent')
    .addOption(
      new Option('-o, --output <FORMAT>', 'how the outcome is printed').choices(['text', 'json']).default('text'),
    )
    .option('--no-color', 'print without colours')
    .addHelpText('after', help)
    .action((names: string[], flags: Flags) => tryTemplates(session, names, flags));
  completesWith(command, resources.analysisTemplates);
}

async function tryTemplates(session: Session, names: readonly string[], flags: Flags): Promise<void> {
  const args = readArguments(flags.arg ?? []);
  const files = readTemplates(flags.file ?? []);
  const templates = chosenTemplates(names, flags, files.templates);
  const address = analysisRunnerAddress(flags.analysisRunner, session.terminal.env);
  const tls = analysisRunnerTls(flags, address, session.terminal.env);
  const namespace = files.namespace ?? (await session.client()).namespace;
  const response = await tryTemplate(
    session,
    { address, tls },
    {
      ...{ namespace, templates, args },
      templateJson: files.templates.map((template) => JSON.stringify(template)),
      metrics: [...new Set(flags.metric ?? [])],
      withSideEffects: flags.runJobs === true,
    },
  );
  print(session, response, flags, namespace);
  if (!isAllSuccessful(response)) throw new SilentFailure();
}

function print(session: Session, response: TryTemplateResponse, flags: Flags, namespace: string): void {
  if (flags.output === 'json') return session.terminal.write(trialJson(response, namespace));
  for (const problem of response.problems) session.terminal.writeError(`Error: ${problem}\n`);
  if (response.problems.length > 0) return;
  for (const line of renderTrial(response, painter(session, flags))) printLine(session, line);
}

function chosenTemplates(
  names: readonly string[],
  { clusterTemplate = [] }: Flags,
  ofFiles: readonly AnalysisTemplate[],
): TemplateRef[] {
  const named = [
    ...names.map((name) => ({ name, clusterScope: false })),
    ...clusterTemplate.map((name) => ({ name, clusterScope: true })),
  ];
  if (named.length > 0) return named;
  if (ofFiles.length > 0) return outermost(ofFiles);
  throw new UsageError(
    'name what to try: sluice analysis try TEMPLATE..., --cluster-template NAME, or --file FILE with templates',
  );
}

function readArguments(texts: readonly string[]): Record<string, string> {
  const args = new Map<string, string>();
  for (const text of texts) {
    const [name = '', ...rest] = text.split('=');
    if (name === '' || rest.length === 0) throw new UsageError(`--arg must be in the form NAME=VALUE, got "${text}"`);
    if (args.has(name)) throw new UsageError(`--arg ${name} is given twice`);
    args.set(name, rest.join('='));
  }
  return Object.fromEntries(args);
}
