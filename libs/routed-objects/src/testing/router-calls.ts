import { randomUUID } from 'node:crypto';
import { Metadata, credentials } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { TrafficRouterClient, errorCodeTrailer, errorReasonTrailer } from '@sluice/contracts';
import type {
  ApplyResponse,
  DescribeResponse,
  Problem,
  RouteEvent,
  TrafficIntent,
  TrafficObservation,
} from '@sluice/contracts';
import type { ReleaseRequest, RouterValidateRequest } from '@sluice/contracts';

/** A router as its callers see it. A call that fails rejects with RefusedCall. */
export interface RouterCalls {
  describe(): Promise<DescribeResponse>;
  apply(
    intent: TrafficIntent,
  ): Promise<{ readonly observation: TrafficObservation; readonly events: readonly string[] }>;
  observe(intent: TrafficIntent): Promise<TrafficObservation>;
  release(request: Omit<ReleaseRequest, 'context'>): Promise<readonly string[]>;
  validate(request: RouterValidateRequest): Promise<readonly Problem[]>;
  close(): void;
}

export class RefusedCall extends Error {
  override readonly name = 'RefusedCall';
  /** From the trailer. */
  readonly code: string;
  /** Of the Event that it is known by, where the trailer names one. */
  readonly reason: string;
  constructor(error: ServiceError) {
    super(error.details, { cause: error });
    this.code = String(error.metadata.get(errorCodeTrailer)[0] ?? '');
    this.reason = String(error.metadata.get(errorReasonTrailer)[0] ?? '');
  }
}

type Answer<T> = (error: ServiceError | null, answer: T) => void;

export function callRouter(address: string): RouterCalls {
  const client = new TrafficRouterClient(address, credentials.createInsecure());
  const options = () => ({ deadline: Date.now() + 20_000 });
  const ask = <T>(call: (answer: Answer<T>) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      call((error, answer) => (error === null ? resolve(answer) : reject(new RefusedCall(error))));
    });
  const context = () => ({ idempotencyKey: randomUUID(), leaseEpoch: 0 });
  const texts = (events: readonly RouteEvent[]): string[] =>
    events.map(({ reason, message }) => `${reason}: ${message}`);
  return {
    describe: () => ask<DescribeResponse>((answer) => client.describe({}, new Metadata(), options(), answer)),
    async apply(intent) {
      const request = { context: context(), intent };
      const { observation, events } = await ask<ApplyResponse>((answer) =>
        client.apply(request, new Metadata(), options(), answer),
      );
      if (observation === undefined) throw new Error('Apply answered without an observation');
      return { observation, events: texts(events) };
    },
    async observe(intent) {
      const { observation } = await ask<{ observation: TrafficObservation | undefined }>((answer) =>
        client.observe({ intent }, new Metadata(), options(), answer),
      );
      if (observation === undefined) throw new Error('Observe answered without an observation');
      return observation;
    },
    async release(request) {
      const whole = { ...request, context: context() };
      return texts(
        (await ask<{ events: RouteEvent[] }>((answer) => client.release(whole, new Metadata(), options(), answer)))
          .events,
      );
    },
    async validate(request) {
      return (
        await ask<{ problems: Problem[] }>((answer) => client.validate(request, new Metadata(), options(), answer))
      ).problems;
    },
    close: () => client.close(),
  };
}
