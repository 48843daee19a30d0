import { status } from '@grpc/grpc-js';
import type { ServerWritableStream, UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { Work } from '@sluice/contracts';
import type {
  AttendRequest,
  AttendResponse,
  Outcome,
  ReportRequest,
  ReportResponse,
  TakeRequest,
  TakeResponse,
  Task,
} from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Hint } from '../dispatch/dispatcher.ts';
import type { Flight, FlightWork } from '../dispatch/flight.ts';
import { prepareMetric } from '../scheduler/prepared-metric.ts';
import { rememberSecrets } from '../scheduler/scheduler.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { RunState } from '../scheduler/run-state.ts';
import type { SecretValues, Secrets } from '../scheduler/secrets.ts';
import { failed, measurementOutcome } from './outcomes.ts';

export interface MeasurementHooks {
  /** How late it was taken, and how long it took from there. `repeated`: it had been handed out before. */
  readonly onMeasured?: (
    provider: string,
    phase: string,
    times: { readonly lateMs: number; readonly tookMs: number },
  ) => void;
  /** A report whose ticket is not held any more. */
  readonly onUnwanted?: () => void;
}

export interface MeasurementServiceOptions {
  /** Who we are, for hints. */
  readonly identity: string;
  readonly dispatcher: Dispatcher;
  readonly scheduler: Scheduler;
  readonly secrets: Secrets;
  readonly logger: KubeLogger;
  readonly now?: () => number;
  readonly hooks?: MeasurementHooks;
  /** Signs of life for workers: 5 s. */
  readonly beatMs?: number;
}

export interface MeasurementDesk {
  readonly implementation: UntypedServiceImplementation;
  readonly workers: number;
  /** Hands hints to attending workers, each to one. Says whether there was a worker to take them. */
  offer(hints: readonly Hint[]): boolean;
  stop(): void;
}

const works: Readonly<Record<FlightWork, Work>> = {
  start: Work.START,
  poll: Work.POLL,
  cancel: Work.CANCEL,
  collect: Work.COLLECT,
};

/** The scheduler's side of MeasurementService: rules W1 to W3 of the contract. */
export function createMeasurementService(options: MeasurementServiceOptions): MeasurementDesk {
  const { dispatcher, scheduler, secrets, logger, hooks = {}, beatMs = 5_000 } = options;
  const now = options.now ?? Date.now;
  const attending = new Map<ServerWritableStream<AttendRequest, AttendResponse>, string>();

  function attend(call: ServerWritableStream<AttendRequest, AttendResponse>): void {
    const { worker } = call.request;
    attending.set(call, worker);
    logger.info({ worker }, 'a worker has come');
    const signOfLife = { scheduler: options.identity, measurements: [] };
    call.write(signOfLife);
    const beat = setInterval(() => call.write(signOfLife), beatMs);
    const leave = (): void => {
      clearInterval(beat);
      if (!attending.delete(call)) return;
      // It may have come back over another stream before this one was seen to end.
      if ([...attending.values()].includes(worker)) return;
      logger.info({ worker }, 'a worker has gone: what it held is offered again');
      dispatcher.workerGone(worker);
    };
    call.on('cancelled', leave);
    call.on('close', leave);
    call.on('error', leave);
  }

  async function take({ worker, measurements }: TakeRequest): Promise<TakeResponse> {
    if (![...attending.values()].includes(worker)) return { tasks: [] };
    const flights = dispatcher.take(worker, measurements);
    const tasks = flights.map((flight) => {
      const state = scheduler.runOf(flight.uid);
      if (state === undefined) return void dispatcher.drop(flight.id);
      const values = secrets.of(state.run);
      return values instanceof Promise
        ? values.then((known) => taskOf(flight, state, known))
        : taskOf(flight, state, values);
    });
    return { tasks: (await Promise.all(tasks)).filter((task) => task !== undefined) };
  }

  function taskOf(flight: Flight, state: RunState, values: SecretValues | undefined): Task | undefined {
    // Dropped while its Secrets were read.
    if (flight.state !== 'taken') return undefined;
    const lacks = Object.values(values?.observations ?? {}).some(({ kind }) => kind !== 'present');
    if (lacks) {
      dispatcher.drop(flight.id);
      scheduler.returned(flight, undefined);
      return undefined;
    }
    const prepared = prepareMetric(state.run, flight.metric, values?.values);
    if (!prepared.ok) {
      dispatcher.drop(flight.id);
      scheduler.returned(flight, failed(flight, prepared.error.message, now()));
      return undefined;
    }
    rememberSecrets(state, prepared.value.secretValues);
    const { provider, configJson, metricJson, successCondition, failureCondition, secretValues } = prepared.value;
    return {
      ticket: flight.ticket,
      work: works[flight.work],
      runNamespace: flight.namespace,
      runName: state.run.metadata.name ?? '',
      runUid: flight.uid,
      metric: flight.metric,
      ordinal: flight.ordinal,
      provider,
      configJson,
      metricJson,
      successCondition,
      failureCondition,
      secrets: [...secretValues],
      deadlineMs: flight.deadlineMs,
      metadata: { ...flight.measurement?.metadata },
      keep: flight.keep ?? 0,
      handle: state.handles.get(flight.id) ?? '',
    };
  }

  function report(outcome: Outcome): void {
    const flight = dispatcher.finish(outcome.ticket);
    if (flight === undefined) return hooks.onUnwanted?.();
    const at = now();
    const tookMs = performance.now() - flight.since;
    if (flight.work === 'start' || flight.work === 'poll') {
      const provider = flight.target.slice(0, flight.target.indexOf(' '));
      hooks.onMeasured?.(provider, outcome.phase, { lateMs: Math.max(0, at - tookMs - flight.dueAt), tookMs });
    }
    const state = scheduler.runOf(flight.uid);
    const result =
      flight.work === 'start' || flight.work === 'poll'
        ? measurementOutcome(flight, outcome, state?.secretValues ?? [], at)
        : undefined;
    scheduler.returned(flight, result, outcome.handle);
  }

  let turn = 0;
  function offer(hints: readonly Hint[]): boolean {
    const takers = [...attending.keys()].filter(({ request }) => request.takesHints);
    // A worker that does not read its stream gets nothing more; what it does not take is offered again anyway.
    const reading = takers.filter(({ writableNeedDrain }) => !writableNeedDrain);
    if (reading.length === 0) return false;
    for (const { measurements } of hints)
      reading[turn++ % reading.length]?.write({ scheduler: options.identity, measurements: [...measurements] });
    return true;
  }

  const unaryTake: handleUnaryCall<TakeRequest, TakeResponse> = (call, answer) => {
    take(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => {
        logger.error({ error }, 'tasks could not be handed out');
        answer({ code: status.INTERNAL, details: 'tasks could not be handed out' });
      },
    );
  };
  const unaryReport: handleUnaryCall<ReportRequest, ReportResponse> = (call, answer) => {
    for (const outcome of call.request.outcomes) {
      try {
        report(outcome);
      } catch (error) {
        logger.error({ error }, 'a report could not be taken in');
      }
    }
    answer(null, {});
  };

  return {
    implementation: { attend, take: unaryTake, report: unaryReport },
    get workers() {
      return new Set(attending.values()).size;
    },
    offer,
    stop() {
      for (const call of attending.keys()) call.end();
    },
  };
}
