import type { Logger } from './logging.ts';

/** Thrown by a part that cannot start for a reason that the user can mend: its message is the one line they see. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Something that runs while the service does. */
export interface Part {
  readonly name: string;
  /** Returns when the part works; a returned text is its address, for the announcement. */
  start(): Promise<string | void> | string | void;
  stop?(): Promise<void> | void;
}

/** The outside of the program, replaced in tests. */
export interface Host {
  onSignal(listener: (signal: 'SIGTERM' | 'SIGINT') => void): () => void;
  onCrash(listener: (error: unknown) => void): () => void;
  stdout(line: string): void;
  stderr(line: string): void;
  exit(code: number): void;
}

export interface StartOptions {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly logger: Logger;
  /** Prints `{"name":…,"pid":…,"addresses":{…}}` on stdout when all parts have started. */
  readonly announce?: boolean;
  /** 20 s for all parts together. */
  readonly stopTimeoutMs?: number;
  readonly host?: Host;
}

export interface RunningService {
  readonly addresses: Readonly<Record<string, string>>;
  /** Stops the parts in reverse; resolves with the exit code. */
  stop(why: string): Promise<number>;
  /** Ends the service because it cannot go on: exit code 1. */
  fail(error: unknown): void;
  /** Resolves with the exit code when the service has ended. */
  readonly ended: Promise<number>;
}

/**
 * Starts the parts one after the other and keeps the program until a signal. If one cannot start, those before it are stopped, the reason is printed as one line
 * and the exit code is 1; then this throws what the part threw.
 */
export async function startService(options: StartOptions): Promise<RunningService> {
  const { name, parts, logger, host = processHost(), stopTimeoutMs = 20_000 } = options;
  const started: Part[] = [];
  const addresses: Record<string, string> = {};
  const ended = Promise.withResolvers<number>();
  let stopping: Promise<number> | undefined;
  let ready = false;

  function stop(why: string, code: number): Promise<number> {
    stopping ??= (async () => {
      logger[ready ? 'info' : 'debug']({ why }, 'stopping');
      const complete = await stopParts(started.toReversed(), logger, stopTimeoutMs);
      const exitCode = complete ? code : 1;
      release();
      host.exit(exitCode);
      ended.resolve(exitCode);
      return exitCode;
    })();
    return stopping;
  }

  function fail(error: unknown): void {
    if (stopping === undefined) host.stderr(`${name}: ${lineOf(error)}`);
    logger.error({ error }, 'cannot go on');
    void stop('failure', 1);
  }

  const releaseSignals = host.onSignal((signal) => {
    if (stopping === undefined) void stop(signal, 0);
    else host.exit(1);
  });
  const releaseCrashes = host.onCrash(fail);
  const release = (): void => {
    releaseSignals();
    releaseCrashes();
  };

  for (const part of parts) {
    // A signal during the start: what has started is being stopped, start nothing more.
    if (stopping !== undefined) break;
    try {
      const address = await part.start();
      started.push(part);
      if (stopping !== undefined) await part.stop?.();
      if (typeof address === 'string') addresses[part.name] = address;
    } catch (error) {
      host.stderr(`${name}: ${lineOf(error, part.name)}`);
      logger.debug({ part: part.name, error }, 'could not start');
      await stop(`${part.name} could not start`, 1);
      throw error;
    }
  }
  if (stopping === undefined) {
    ready = true;
    logger.info({ addresses }, 'ready');
    if (options.announce === true) host.stdout(JSON.stringify({ name, pid: process.pid, addresses }));
  }
  return { addresses, stop: (why) => stop(why, 0), fail, ended: ended.promise };
}

/** False when a part threw or the time ran out. */
async function stopParts(parts: readonly Part[], logger: Logger, timeoutMs: number): Promise<boolean> {
  let complete = true;
  const all = (async () => {
    for (const part of parts) {
      try {
        await part.stop?.();
      } catch (error) {
        complete = false;
        logger.error({ part: part.name, error }, 'did not stop cleanly');
      }
    }
    return complete;
  })();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      logger.error({ timeoutMs }, 'did not stop in time');
      resolve(false);
    }, timeoutMs);
  });
  try {
    return await Promise.race([all, late]);
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(error: unknown, part?: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const prefix = part === undefined || error instanceof StartError ? '' : `${part}: `;
  return `${prefix}${message}`.replaceAll(/\s*\n\s*/g, ' ');
}

/** The real program: signals, stdout, stderr and the exit. */
export function processHost(): Host {
  // Whoever read the lines is gone: no reason to end, and to say so would be one more line that nobody reads.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  return {
    onSignal(listener) {
      process.on('SIGTERM', listener);
      process.on('SIGINT', listener);
      return () => {
        process.off('SIGTERM', listener);
        process.off('SIGINT', listener);
      };
    },
    onCrash(listener) {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
      return () => {
        process.off('uncaughtException', listener);
        process.off('unhandledRejection', listener);
      };
    },
    stdout: (line) => void process.stdout.write(`${line}\n`),
    stderr: (line) => void process.stderr.write(`${line}\n`),
    exit: (code) => process.exit(code),
  };
}
