import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { StringMatch, TrafficIntent, Verification, errorCodeOf, pluginErrorCodes, statusOf } from '../src/index.ts';
import { TrafficObservation } from '../src/index.ts';

describe('generated messages', () => {
  test('come back from the wire as they were sent', () => {
    const intent = TrafficIntent.fromPartial({
      rollout: { namespace: 'shop', name: 'cart', uid: 'u-1' },
      configJson: '{"stableIngress":"cart"}',
      stable: { service: 'cart', podTemplateHash: 'abc' },
      canary: { service: 'cart-canary', podTemplateHash: 'def' },
      weight: 25,
      maxWeight: 100,
      headerRoutes: [
        { name: 'beta', match: [{ headerName: 'x-beta', headerValue: { match: { $case: 'exact', value: '1' } } }] },
      ],
      mirrorRoutes: [
        { name: 'm', match: [{ headers: { a: { match: { $case: 'prefix', value: 'b' } } } }], percentage: 35 },
      ],
      managedRoutes: ['beta', 'm'],
    });
    expect(TrafficIntent.decode(TrafficIntent.encode(intent).finish())).toEqual(intent);
  });

  test('tell a match for the empty text from no match', () => {
    const empty = StringMatch.fromPartial({ match: { $case: 'exact', value: '' } });
    expect(StringMatch.decode(StringMatch.encode(empty).finish()).match).toEqual({ $case: 'exact', value: '' });
    expect(StringMatch.decode(StringMatch.encode(StringMatch.create()).finish()).match).toBeUndefined();
  });

  test('survive a value of an enum that a newer peer sends', () => {
    // Field 3 (verification), varint 77.
    expect(TrafficObservation.decode(Uint8Array.of(0x18, 77)).verification).toBe(Verification.UNRECOGNIZED);
  });
});

describe('error codes', () => {
  test('are told from the trailer where there is one', () => {
    expect(errorCodeOf(status.FAILED_PRECONDITION, 'Invalid')).toBe('Invalid');
    expect(errorCodeOf(status.UNAVAILABLE, 'NoSuchCode')).toBe('Unavailable');
  });

  test('and their gRPC statuses say the same', () => {
    for (const code of pluginErrorCodes) expect(errorCodeOf(statusOf(code))).toBe(code);
  });

  test('take a deadline that ran out and a call that was cut for a peer that does not answer', () => {
    expect(errorCodeOf(status.DEADLINE_EXCEEDED)).toBe('Unavailable');
    expect(errorCodeOf(status.CANCELLED)).toBe('Unavailable');
    expect(errorCodeOf(status.DATA_LOSS)).toBe('Internal');
  });
});
