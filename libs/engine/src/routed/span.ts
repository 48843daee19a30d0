import type { RouterObservation, TrafficIntent } from './intent.ts';

/** Where the canary's traffic may be now, as far as anybody can know. */
export interface TrafficSpan {
  /** Between which shares, out of the highest weight. */
  readonly lowest: number;
  readonly highest: number;
  /** Whether header routes may lead to it, whatever its share is. */
  readonly byHeader: boolean;
  /** The Service whose share it is. With ping-pong, the canary's of yesterday is the stable side's of today. */
  readonly service?: string | undefined;
  /** Nobody has looked since this process started: enough to keep pods by, not enough to take any away. */
  readonly isGuess?: true | undefined;
}

type Observed = Extract<RouterObservation, { readonly kind: 'observed' }>;

export const spanOfIntent = ({ weight, headerRoutes, canary }: TrafficIntent): TrafficSpan => ({
  lowest: weight,
  highest: weight,
  byHeader: headerRoutes.length > 0,
  service: canary.service,
});

/** Both spans together, of the second one's Service. */
export const widest = (one: TrafficSpan, other: TrafficSpan): TrafficSpan => ({
  service: other.service,
  lowest: Math.min(one.lowest, other.lowest),
  highest: Math.max(one.highest, other.highest),
  byHeader: one.byHeader || other.byHeader,
  ...((one.isGuess ?? other.isGuess) && { isGuess: true }),
});

/** What the answer itself says: routed now, and, told and not there yet, at any moment. */
const spanOfAnswer = (answer: Observed, byHeader: boolean): TrafficSpan =>
  answer.inSync ? seenBy(answer, byHeader) : widest(seenBy(answer, byHeader), spanOfIntent(answer.intent));

const seenBy = ({ intent, inSync, canaryWeight }: Observed, byHeader: boolean): TrafficSpan => ({
  lowest: canaryWeight,
  highest: canaryWeight,
  byHeader: inSync ? intent.headerRoutes.length > 0 : byHeader,
  service: intent.canary.service,
});

/** `recorded`: the canary's share in the status, out of `max`. It may be old. */
export function spanOf(observation: RouterObservation, recorded: number, max: number): TrafficSpan {
  switch (observation.kind) {
    case 'unknown':
      return { lowest: Math.min(recorded, max), highest: max, byHeader: true, isGuess: true };
    case 'unavailable':
      return { byHeader: true, ...observation };
    case 'observed':
      return observation.span ?? spanOfAnswer(observation, true);
  }
}

/** The same traffic as the other side's share, where the two Services have changed their parts. */
export const asShareBeside = (span: TrafficSpan, stableService: string, max: number): TrafficSpan =>
  span.service && span.service === stableService
    ? { ...span, lowest: max - span.highest, highest: max - span.lowest, service: undefined }
    : span;

/**
 * Where traffic may be after a router has answered. As long as it has not confirmed, traffic may still be anywhere it has been told to go since it last
 * confirmed: the status remembers only the last of these.
 */
export function spanAfterAnswer(before: RouterObservation, answer: Observed, recorded: number): TrafficSpan {
  const known = spanBefore(before, answer.intent, recorded);
  if (answer.verification === 'pending') return widest(known, spanOfAnswer(answer, known.byHeader));
  // What nobody knew was only looked at: it has not been told to go where it was compared with.
  return before.kind === 'unknown' ? seenBy(answer, true) : spanOfAnswer(answer, known.byHeader);
}

/** The call failed: traffic is where it was, or where the call meant to take it. */
export const spanAfterFailure = (before: RouterObservation, intent: TrafficIntent, recorded: number): TrafficSpan =>
  widest(spanBefore(before, intent, recorded), spanOfIntent(intent));

const spanBefore = (before: RouterObservation, { stable, maxWeight }: TrafficIntent, recorded: number): TrafficSpan =>
  asShareBeside(spanOf(before, recorded, maxWeight), stable.service, maxWeight);
