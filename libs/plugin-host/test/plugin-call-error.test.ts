import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { errorCodeTrailer, errorReasonTrailer } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { errorOfAttempt } from '../src/plugin-call-error.ts';

function failure(reason: string): ServiceError {
  const metadata = new Metadata();
  metadata.set(errorCodeTrailer, 'NotFound');
  metadata.set(errorReasonTrailer, reason);
  return Object.assign(new Error('5'), { code: status.NOT_FOUND, details: 'there is no shop', metadata });
}

test('the reason of an Event travels with the error of a plugin', () => {
  expect(errorOfAttempt('istio', 'Apply', failure('VirtualServiceNotFound'))).toMatchObject({
    code: 'NotFound',
    reason: 'VirtualServiceNotFound',
    message: 'there is no shop',
  });
});

test('what is no reason of an Event is left out', () => {
  expect(errorOfAttempt('istio', 'Apply', failure('no such thing')).reason).toBeUndefined();
});
