import type { KubeClient } from '@sluice/kube';

/** Everything outside the program that a command may touch, so that a test can stand in for all of it. */
export interface Terminal {
  /** Standard output; the text is written as it is. */
  write(text: string): void;
  /** Standard error. */
  writeError(text: string): void;
  /** Milliseconds since 1970. */
  now(): number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person has had enough (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal;
  /** Whether standard output is a screen: only then are there colours, and is a live view redrawn in place. */
  readonly isScreen: boolean;
}

/** The flags that every command takes. */
export interface GlobalFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroup?: string[];
  /** Verbosity; from 6 on every call to the API server is shown, as kubectl does. */
  readonly kloglevel?: string;
  readonly loglevel?: string;
}

/** One run of the program. */
export interface Session {
  readonly terminal: Terminal;
  /** A client by the global flags; made on first use, so that `lint` and `completion` need no cluster. */
  client(): Promise<KubeClient>;
}

export function printLine(session: Session, line: string): void {
  session.terminal.write(`${line}\n`);
}
