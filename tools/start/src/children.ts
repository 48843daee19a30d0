import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { finished } from 'node:stream/promises';
import { Failure } from '../first-stage/failure.mjs';
import { lastWords } from './last-words.ts';
import { errorIn } from './logged-errors.ts';
import type { LoggedError } from './logged-errors.ts';

const REMEMBERED_LINES = 40;
const STOP_WITHIN_MS = 5_000;
// Nine services begin at once on however few cores; one that cannot begin says so by ending.
const READY_WITHIN_MS = 120_000;

export interface ChildSpec<Ready> {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints is only of use when it fails: it is not shown on standard error. */
  readonly quiet?: boolean;
  /** Reads each line of standard output until one says that the child is ready (anything but undefined). */
  readonly ready: (line: string) => Ready | undefined;
}

export interface Child<Ready> {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
}

/** Where the output of children goes: a folder with one file for each, or this process's standard error. */
export type Logs = { readonly folder: string } | 'stderr';

/** Every process that this one started. All stay in its process group and are known by pid. */
export interface Children {
  /** Starts a child and answers when it is ready. Throws a Failure that ends with the child's last words when it ends before that. */
  start<Ready>(spec: ChildSpec<Ready>): Promise<Child<Ready>>;
  /** Never resolves; rejects with a Failure when a child that was ready ends by itself. */
  readonly lost: Promise<never>;
  /** Ends one child (SIGTERM, then SIGKILL): it does not count as lost. Unknown and ended pids are left alone. */
  end(pid: number): Promise<void>;
  /** Every line of level error that any of them has written, also of those that have ended. */
  errors(): readonly LoggedError[];
  /** Ends all of them, the newest first, and lets no new one start. Can be called again. */
  stop(): Promise<void>;
}

interface Tracked {
  readonly name: string;
  readonly handle: ChildProcess;
  readonly ended: Promise<string>;
  readonly words: string[];
  expectedToEnd: boolean;
}

export function createChildren(logs: Logs): Children {
  const alive: Tracked[] = [];
  const errors: LoggedError[] = [];
  const lost = Promise.withResolvers<never>();
  // Whoever races against it reports it; nobody racing yet is no reason to crash.
  lost.promise.catch(() => {});
  let stopping: Promise<void> | undefined;

  const stopAll = async () => {
    while (alive.length > 0) await endChild(alive.at(-1) as Tracked);
  };
  return {
    lost: lost.promise,
    errors: () => errors,
    async start(spec) {
      if (stopping) throw new Failure(`${spec.name} is not started: everything is being stopped`);
      const child = launch(spec, logs, errors);
      alive.push(child.tracked);
      void child.tracked.ended.then(() => alive.splice(alive.indexOf(child.tracked), 1));
      const ready = await untilReady(spec, child);
      void child.tracked.ended.then((how) => {
        if (!child.tracked.expectedToEnd) lost.reject(new Failure(obituary(child.tracked, how)));
      });
      return { name: spec.name, pid: child.tracked.handle.pid as number, ready };
    },
    async end(pid) {
      const child = alive.find((each) => each.handle.pid === pid);
      if (child) await endChild(child);
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

interface Launched<Ready> {
  readonly tracked: Tracked;
  readonly announced: Promise<Ready>;
}

function launch<Ready>(spec: ChildSpec<Ready>, logs: Logs, errors: LoggedError[]): Launched<Ready> {
  const handle = spawn(spec.command, [...spec.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...spec.env },
  });
  const words: string[] = [];
  const sink = sinkOf(spec, logs);
  const announced = Promise.withResolvers<Ready>();
  const note = (line: string) => {
    words.push(line);
    if (words.length > REMEMBERED_LINES) words.shift();
    const error = errorIn(spec.name, line);
    if (error !== undefined) errors.push(error);
    sink?.write(`${line}\n`);
  };
  readline.createInterface({ input: handle.stderr }).on('line', note);
  let waiting = true;
  readline.createInterface({ input: handle.stdout }).on('line', (line) => {
    const ready = waiting ? spec.ready(line) : undefined;
    if (ready === undefined) return note(line);
    waiting = false;
    announced.resolve(ready);
  });
  const gone = new Promise<string>((resolve) => {
    handle.once('error', (error) => resolve(`does not start: ${error.message}`));
    // 'close' and not 'exit': the last words have been read by then.
    handle.once('close', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  // Whoever waits for its end may read its log then, or remove the folder.
  const ended = gone.then((how) => closed(sink).then(() => how));
  return { tracked: { name: spec.name, handle, ended, words, expectedToEnd: false }, announced: announced.promise };
}

function sinkOf(spec: ChildSpec<unknown>, logs: Logs): NodeJS.WritableStream | undefined {
  if (logs === 'stderr') return spec.quiet ? undefined : process.stderr;
  const file = path.join(logs.folder, `${spec.name}.log`);
  // A log that cannot be kept (no space, no such folder) is no reason to end what it tells of.
  return fs.createWriteStream(file).once('error', ({ message }) => {
    console.error(`what ${spec.name} prints is not kept: ${message}`);
  });
}

/** Everything that was given to it is in its file. */
async function closed(sink: NodeJS.WritableStream | undefined): Promise<void> {
  if (!sink || sink === process.stderr) return;
  sink.end();
  // One that failed has said so.
  await finished(sink).catch(() => {});
}

async function untilReady<Ready>(spec: ChildSpec<Ready>, child: Launched<Ready>): Promise<Ready> {
  const { tracked } = child;
  const early = tracked.ended.then((how) => Promise.reject(new Failure(obituary(tracked, how))));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `${spec.name} is not ready after ${READY_WITHIN_MS / 1000} s: ${lastWords(tracked.words)}`;
    timer = setTimeout(() => reject(new Failure(text)), READY_WITHIN_MS);
  });
  try {
    return await Promise.race([child.announced, early, late]);
  } finally {
    clearTimeout(timer);
    // The race is over; a later end is told by `lost`.
    early.catch(() => {});
  }
}

async function endChild(child: Tracked): Promise<void> {
  child.expectedToEnd = true;
  child.handle.kill('SIGTERM');
  const kill = setTimeout(() => child.handle.kill('SIGKILL'), STOP_WITHIN_MS);
  await child.ended;
  clearTimeout(kill);
}

function obituary(child: Tracked, how: string): string {
  const words = lastWords(child.words);
  return `${child.name} ${how}${words ? `: ${words}` : ''}`;
}
