import { describe, expect, test } from 'vitest';
import type { RouterObservation, TrafficIntent } from './intent.ts';
import { asShareBeside, recordedShare, spanAfterAnswer, spanAfterFailure, spanOf } from './span.ts';

const intent = (weight: number, more: Partial<TrafficIntent> = {}): TrafficIntent => ({
  stable: { service: 'stable', hash: 'a' },
  canary: { service: 'canary', hash: 'b' },
  weight,
  maxWeight: 100,
  extraDestinations: [],
  headerRoutes: [],
  mirrorRoutes: [],
  managedRoutes: [],
  ...more,
});
type Observed = Extract<RouterObservation, { kind: 'observed' }>;
const answer = (weight: number, verification: Observed['verification'], asked = intent(weight)): Observed => ({
  kind: 'observed',
  intent: asked,
  inSync: asked.weight === weight,
  canaryWeight: weight,
  verification,
});
/** One answer after the other. */
const seen = (...answers: readonly Observed[]): RouterObservation =>
  answers.reduce<RouterObservation>((before, one) => ({ ...one, span: spanAfterAnswer(before, one, 0) }), {
    kind: 'unknown',
  });

describe('Traffic may be', () => {
  test('where a router has confirmed it, and nowhere else', () => {
    expect(spanOf(seen(answer(20, 'verified')), 0, 100)).toMatchObject({ lowest: 20, highest: 20, byHeader: false });
  });
  test('anywhere it was told to go since that was last confirmed', () => {
    const before = seen(answer(20, 'verified'), answer(60, 'pending'), answer(0, 'pending'));
    expect(spanOf(before, 0, 100)).toMatchObject({ lowest: 0, highest: 60 });
  });
  test('where it was or where it was told to go, when the call failed', () => {
    const before = seen(answer(20, 'verified'), answer(60, 'pending'));
    expect(spanAfterFailure(before, intent(0), 60)).toMatchObject({ lowest: 0, highest: 60 });
  });
  test('anywhere above what the status remembers, when nobody has looked: a guess', () => {
    expect(spanAfterFailure({ kind: 'unknown' }, intent(30), 20)).toMatchObject({
      lowest: 20,
      highest: 100,
      isGuess: true,
    });
  });
  test('where a first look has found it, and not where it was compared with', () => {
    expect(spanOf(seen(answer(0, 'unsupported', intent(50))), 0, 100)).toMatchObject({ lowest: 0, highest: 0 });
  });
  test('where header routes lead until they are seen to be gone', () => {
    const header = { headerRoutes: [{ name: 'internal', match: [{ headerName: 'x', headerValue: { exact: '1' } }] }] };
    const routed = seen(answer(0, 'verified', intent(0, header)));
    expect(spanOf(routed, 0, 100).byHeader).toBe(true);
    expect(spanAfterAnswer(routed, answer(0, 'pending'), 0).byHeader).toBe(true);
    expect(spanAfterAnswer(routed, answer(0, 'verified'), 0).byHeader).toBe(false);
  });
  test('where it was, in shares of what means all traffic now, when that is another weight', () => {
    const before = seen(answer(60, 'verified'));
    expect(asShareBeside(spanOf(before, 0, 1000), 'stable', 1000)).toMatchObject({ lowest: 600, highest: 600 });
    const outOfMore = intent(60, { maxWeight: 1000 });
    expect(spanAfterFailure(before, outOfMore, 600)).toMatchObject({ lowest: 60, highest: 600, max: 1000 });
    const weights = { canary: { weight: 60, podTemplateHash: 'b' }, stable: { weight: 40, podTemplateHash: 'a' } };
    expect([recordedShare(weights, 1000), recordedShare(undefined, 1000)]).toEqual([600, 0]);
  });
  test('on the other side, when two Services have changed their parts', () => {
    const before = seen(answer(90, 'verified'));
    expect(asShareBeside(spanOf(before, 0, 100), 'canary', 100)).toMatchObject({ lowest: 10, highest: 10 });
    const turned = intent(0, { stable: { service: 'canary', hash: 'b' }, canary: { service: 'stable', hash: 'a' } });
    expect(spanAfterFailure(before, turned, 90)).toMatchObject({ lowest: 0, highest: 10 });
  });
});
