import { ConfigError, HelpRequested, readConfig } from './config.ts';
import type { Config, ConfigSource, ConfigSpec, OptionSet } from './config.ts';
import { createStatusServer } from './http.ts';
import type { Checks, StatusServer } from './http.ts';
import { processHost, startService } from './lifecycle.ts';
import type { Host, Part, RunningService } from './lifecycle.ts';
import { createLogger } from './logging.ts';
import type { Logger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import type { serviceOptions } from './shared-options.ts';

type SharedOptions = ReturnType<typeof serviceOptions>;

export interface Tools<O extends OptionSet> {
  readonly config: Config<O>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the service: something that it cannot go on without is gone. */
  readonly fail: (error: unknown) => void;
}

export interface Assembly {
  /** Started in this order after the status server, stopped in reverse. */
  readonly parts: readonly Part[];
  readonly live?: Checks;
  readonly ready?: Checks;
  /** Adds routes to the status server. */
  readonly routes?: (app: StatusServer['app']) => void;
}

export interface ServiceSpec<O extends OptionSet & SharedOptions> extends ConfigSpec<O> {
  /** Builds the parts; nothing is started yet. What it throws ends the start with one line. */
  readonly assemble: (tools: Tools<O>) => Assembly | Promise<Assembly>;
}

export interface RunOptions {
  readonly source?: ConfigSource;
  readonly host?: Host;
}

/**
 * A service's whole `main.ts`. Returns the running service, or undefined when it did not start (help was asked for, or one line on stderr says what is wrong;
 * the exit code is set).
 */
export async function runService<const O extends OptionSet & SharedOptions>(
  spec: ServiceSpec<O>,
  options: RunOptions = {},
): Promise<RunningService | undefined> {
  const host = options.host ?? processHost();
  const config = configOf(spec, options.source ?? { argv: process.argv.slice(2), env: process.env }, host);
  if (config === undefined) return undefined;
  const shared = config as unknown as Config<SharedOptions>;
  const logger = createLogger({ name: spec.name, level: shared.logLevel, format: shared.logFormat });
  const metrics = createMetrics();
  let service: RunningService | undefined;
  let early: unknown;
  const fail = (error: unknown): void => (service === undefined ? void (early ??= error) : service.fail(error));
  let assembly: Assembly;
  try {
    assembly = await spec.assemble({ config, logger, metrics, fail });
  } catch (error) {
    host.stderr(
      `${spec.name}: ${(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ')}`,
    );
    logger.debug({ error }, 'could not be assembled');
    host.exit(1);
    return undefined;
  }
  const status = createStatusServer({ host: shared.httpHost, port: shared.httpPort, metrics, ...checksOf(assembly) });
  assembly.routes?.(status.app);
  // First up and last down: the probes see the rest start and stop.
  const parts: Part[] = [
    { name: 'metrics', start: () => status.start(), stop: () => status.stop() },
    ...assembly.parts,
  ];
  try {
    service = await startService({
      name: spec.name,
      parts,
      logger,
      announce: shared.announce,
      stopTimeoutMs: shared.stopTimeoutMs,
      host,
    });
  } catch {
    // startService has said why and set the exit code.
    return undefined;
  }
  if (early !== undefined) service.fail(early);
  return service;
}

function checksOf({ live, ready }: Assembly): { live?: Checks; ready?: Checks } {
  return { ...(live === undefined ? {} : { live }), ...(ready === undefined ? {} : { ready }) };
}

function configOf<O extends OptionSet>(spec: ConfigSpec<O>, source: ConfigSource, host: Host): Config<O> | undefined {
  try {
    return readConfig(spec, source);
  } catch (error) {
    if (error instanceof HelpRequested) {
      host.stdout(error.message);
      host.exit(0);
      return undefined;
    }
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) host.stderr(`${spec.name}: ${problem}`);
    host.exit(1);
    return undefined;
  }
}
