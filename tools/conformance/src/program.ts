import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { HealthService } from '@sluice/contracts';
import { fixtureOf } from './fixture.ts';
import { metricFixtureOf } from './metric-fixture.ts';
import { runSuite, textOf } from './report.ts';
import { subjectAt } from './subject.ts';
import type { SubjectType } from './subject.ts';
import { createSuite } from './suite.ts';
import type { SuiteOptions } from './suite.ts';

const usage = `sluice-conformance: checks a plugin against each rule of its contract.

  sluice-conformance --address HOST:PORT [options]

  --address HOST:PORT  where the plugin serves
  --type TYPE          router (default), metric or step
  --fixture FILE       YAML. Router, step: one rollout whose objects exist; its routes are changed, and given back at the end.
                       Metric: configurations by what happens with them (value, noData, failing, hanging, secret, ending, endless)
  --world FILE         module that exports createWorld(): makes routes, reads them back, counts writes, lets things fail
  --only RULES         such as P2,R4
  --ca FILE            speak TLS; authorities of the plugin's certificate
  --cert FILE, --key FILE   certificate to show
  --json               the report as JSON
  --help

What can be checked without a fixture or a world is checked; the rest is listed as left out. Exit code: 0 if no rule failed, 1 if one did, 2 if the plugin
could not be checked.`;

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** What a module given with --world exports. */
export type CreateWorld = () => Promise<
  Omit<SuiteOptions, 'target' | 'fixture'> & { readonly stop?: () => Promise<void> }
>;

class UsageError extends Error {}

export function programFor({ stdout, stderr }: Streams) {
  return {
    /** Resolves with the exit code. */
    async run(argv: readonly string[]): Promise<number> {
      try {
        const settings = settingsOf(argv);
        if (settings === 'help') {
          stdout.write(`${usage}\n`);
          return 0;
        }
        return await check(settings, stdout);
      } catch (error) {
        stderr.write(`sluice-conformance: ${(error as Error).message}\n`);
        return 2;
      }
    },
  };
}

type Settings = Exclude<ReturnType<typeof settingsOf>, 'help'>;

function settingsOf(argv: readonly string[]) {
  const { values } = parse(argv);
  if (values.help === true) return 'help';
  const { address, type = 'router' } = values;
  if (address === undefined) throw new UsageError('--address HOST:PORT is missing; --help shows all options');
  if (type !== 'router' && type !== 'metric' && type !== 'step')
    throw new UsageError(`--type ${type}: there is a suite for router, metric and step`);
  const only = values.only?.split(',').map((rule) => rule.trim().toUpperCase());
  const subjectType: SubjectType = type;
  return { ...values, address, type: subjectType, only };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        address: { type: 'string' },
        type: { type: 'string' },
        fixture: { type: 'string' },
        world: { type: 'string' },
        only: { type: 'string' },
        ca: { type: 'string' },
        cert: { type: 'string' },
        key: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message.split('.')[0]}; --help shows all options`, { cause });
  }
}

async function check(settings: Settings, stdout: Streams['stdout']): Promise<number> {
  const channel = await credentialsOf(settings);
  const { address, type, only } = settings;
  const target = { address, type, ...(channel === undefined ? {} : { credentials: channel }) };
  await mustAnswer(target);
  const fixture = settings.fixture === undefined ? {} : fixtureFor(type, await readFile(settings.fixture, 'utf8'));
  const world = settings.world === undefined ? undefined : await worldOf(settings.world);
  const suite = createSuite({ ...fixture, ...world, target });
  try {
    const report = await runSuite(suite, only === undefined ? {} : { only });
    if (report.rules.length === 0) throw new UsageError(`--only ${only?.join(',')}: there is no such rule`);
    stdout.write(`${settings.json === true ? JSON.stringify(report) : textOf(report)}\n`);
    return report.failed === 0 ? 0 : 1;
  } finally {
    suite.close();
    await world?.stop?.();
  }
}

function fixtureFor(type: SubjectType, yaml: string): Pick<SuiteOptions, 'fixture' | 'metricWorld'> {
  return type === 'metric' ? { metricWorld: metricFixtureOf(yaml) } : { fixture: fixtureOf(yaml) };
}

/** A plugin that is not there at all would fail each rule: one sentence says more. */
async function mustAnswer(target: Parameters<typeof subjectAt>[0]): Promise<void> {
  const subject = subjectAt(target);
  try {
    await subject.ask(HealthService.check, { service: '' }, 5_000);
  } catch (error) {
    const { details, metadata, message } = error as ServiceError;
    // Whatever a server answers, it is there.
    if (metadata === undefined || /deadline|connect/i.test(details))
      throw new Error(`nobody answers at ${target.address}: ${details || message}`, { cause: error });
  } finally {
    subject.close();
  }
}

async function credentialsOf({ ca, cert, key }: Settings): Promise<ChannelCredentials | undefined> {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (ca === undefined || (cert === undefined) !== (key === undefined))
    throw new UsageError('--ca is needed for TLS, and --cert goes with --key');
  const [authorities, certificate, secret] = await Promise.all(
    [ca, cert, key].map((file) => (file === undefined ? null : readFile(file))),
  );
  return credentials.createSsl(authorities ?? null, secret ?? null, certificate ?? null);
}

async function worldOf(file: string): Promise<Awaited<ReturnType<CreateWorld>>> {
  const { createWorld } = (await import(pathToFileURL(resolve(file)).href)) as { createWorld?: CreateWorld };
  if (createWorld === undefined) throw new UsageError(`--world ${file}: the module exports no function createWorld`);
  return createWorld();
}
