import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Metadata, status } from '@grpc/grpc-js';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { MeasurementServiceClient } from '@sluice/contracts';
import type { AttendResponse, MeasurementHint, Outcome, Task } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { interceptorsOf } from '@sluice/service/identity';
import type { CallerIdentity } from '@sluice/service/identity';
import { channelCredentials, channelTlsOptions, whyUnreachable } from '@sluice/service/tls';
import type { ClientTls } from '@sluice/service/tls';

/** One scheduler that this worker works for. */
export interface SchedulerLink {
  take(measurements: readonly string[]): Promise<readonly Task[]>;
  /** Goes out together with others of the same moment; tried again while the scheduler is there. */
  report(outcome: Outcome): void;
}

/** The schedulers at the addresses that were configured, each under the identity that it says. A hint never leads to any other address. */
export interface SchedulerLinks {
  readonly name: 'schedulers';
  start(): void;
  /** Reports that wait are sent. */
  stop(): Promise<void>;
  /** Undefined: it is not there, or not connected yet. */
  get(identity: string): SchedulerLink | undefined;
  readonly connected: number;
}

export interface SchedulerLinksOptions {
  /** `host:port`; a name may stand for several addresses, as that of a headless Service does. */
  readonly targets: readonly string[];
  /** Unique for each start of a worker. */
  readonly worker: string;
  readonly tls?: ClientTls | undefined;
  readonly identity?: CallerIdentity | undefined;
  readonly logger: KubeLogger;
  /** A scheduler that cannot reach Redis has something to take; must not throw. */
  readonly onHint: (hint: MeasurementHint) => void;
  /** How often names are looked up: 5 s. */
  readonly lookupMs?: number;
}

const channelOptions = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
};
const callMs = 10_000;
const gatherMs = 4;
const attendAgainMs = 200;
const lookEveryMs = 5_000;
/** Longer than schedulers are silent. */
const silenceMs = 20_000;

export function createSchedulerLinks(options: SchedulerLinksOptions): SchedulerLinks {
  const { targets, logger, lookupMs = 5_000 } = options;
  const links = new Map<string, Link>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function lookUp(): Promise<void> {
    const found = new Map<string, string>();
    let isComplete = true;
    for (const target of targets) {
      try {
        for (const address of await addressesOf(target)) found.set(address, hostOf(target));
      } catch (error) {
        isComplete = false;
        logger.warn({ target, error: String(error) }, 'the address of the scheduler cannot be looked up');
      }
    }
    if (stopped) return;
    for (const [address, host] of found)
      if (!links.has(address)) links.set(address, createLink(address, host, options));
    // While names cannot be looked up, those that are known stay.
    if (isComplete)
      for (const [address, link] of links)
        if (!found.has(address)) {
          links.delete(address);
          void link.close();
        }
    timer = setTimeout(() => void lookUp(), lookupMs);
  }

  return {
    name: 'schedulers',
    start: () => void lookUp(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all([...links.values()].map((link) => link.close()));
    },
    get(identity) {
      for (const link of links.values()) if (link.identity === identity) return link;
      return undefined;
    },
    get connected() {
      return [...links.values()].filter((link) => link.identity !== undefined).length;
    },
  };
}

async function addressesOf(target: string): Promise<readonly string[]> {
  const host = hostOf(target);
  const port = target.slice(target.lastIndexOf(':'));
  const shown = (address: string): string => (isIP(address) === 6 ? `[${address}]${port}` : `${address}${port}`);
  if (isIP(host) !== 0) return [shown(host)];
  return (await lookup(host, { all: true })).map(({ address }) => shown(address));
}

const hostOf = (target: string): string => target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '');

interface Link extends SchedulerLink {
  readonly identity: string | undefined;
  close(): Promise<void>;
}

/** `host` is the name that the address was found under: the one that the scheduler's certificate is for. */
function createLink(address: string, host: string, options: SchedulerLinksOptions): Link {
  const { worker, logger } = options;
  const tls = options.tls && { ...(isIP(host) === 0 && { serverName: host }), ...options.tls };
  const channel = { ...channelOptions, ...channelTlsOptions(tls), interceptors: interceptorsOf(options.identity) };
  const client = new MeasurementServiceClient(address, channelCredentials(tls), channel);
  let identity: string | undefined;
  let stream: ClientReadableStream<AttendResponse> | undefined;
  let silence: NodeJS.Timeout | undefined;
  let again: NodeJS.Timeout | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let waiting: Outcome[] = [];
  let sending: Promise<void> | undefined;
  let closed = false;
  let told: string | undefined;
  let lookAgainAt = 0;

  function attend(): void {
    again = undefined;
    const current = client.attend({ worker, takesHints: true });
    stream = current;
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => current.cancel(), silenceMs);
    };
    listen();
    current.on('data', ({ scheduler, measurements }: AttendResponse) => {
      listen();
      if (identity !== scheduler) logger.info({ address, scheduler }, 'working for this scheduler');
      // Tickets of an earlier start mean nothing to this one.
      if (identity !== undefined && identity !== scheduler) waiting = [];
      identity = scheduler;
      if (measurements.length > 0) options.onHint({ scheduler, measurements });
    });
    const ended = (error?: ServiceError): void => {
      if (stream !== current) return;
      if (identity === undefined && error !== undefined) void tellWhy(error);
      stream = undefined;
      clearTimeout(silence);
      if (identity !== undefined && !closed) logger.warn({ address }, 'the scheduler is away');
      identity = undefined;
      if (!closed) again ??= setTimeout(attend, attendAgainMs);
    };
    current.on('error', ended);
    current.on('end', () => ended());
  }

  /** Once for each reason: attending is tried again for ever. */
  async function tellWhy({ code, details }: ServiceError): Promise<void> {
    if (performance.now() < lookAgainAt || closed) return;
    lookAgainAt = performance.now() + lookEveryMs;
    const isRefusal = code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED;
    const why = isRefusal ? details : await whyUnreachable(`the scheduler at ${address}`, address, tls);
    if (why !== undefined && why !== told && !closed)
      logger.warn({ address, why }, 'nothing is measured for this scheduler');
    told = why;
  }

  function send(): void {
    gathering = undefined;
    if (sending !== undefined || waiting.length === 0) return;
    const outcomes = waiting;
    waiting = [];
    sending = new Promise((resolve) => {
      client.report({ worker, outcomes }, new Metadata(), { deadline: Date.now() + callMs }, (error) => {
        sending = undefined;
        // A scheduler that is away gives the measurements to others; what it said yes to may come again.
        if (error !== null && identity !== undefined && !closed) {
          waiting = [...outcomes, ...waiting];
          gathering ??= setTimeout(send, 50);
        } else if (waiting.length > 0) gathering ??= setTimeout(send, gatherMs);
        resolve();
      });
    });
  }

  attend();
  return {
    get identity() {
      return identity;
    },
    take: (measurements) =>
      new Promise((resolve, reject) => {
        const call = { deadline: Date.now() + callMs };
        client.take({ worker, measurements: [...measurements] }, new Metadata(), call, (error, answer) =>
          error === null ? resolve(answer.tasks) : reject(error),
        );
      }),
    report(outcome) {
      waiting.push(outcome);
      gathering ??= setTimeout(send, gatherMs);
    },
    async close() {
      clearTimeout(gathering);
      await sending;
      send();
      await sending;
      closed = true;
      clearTimeout(again);
      clearTimeout(silence);
      stream?.cancel();
      client.close();
    },
  };
}
