import type { KubeObject } from './resources.ts';

export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** When a lease was last seen to change, by the local monotonic clock: clocks of two machines are never compared. */
export interface LeaseSighting {
  readonly lease: Lease;
  readonly changedAtMs: number;
}

/** The sighting after reading a lease: renewed when its holder or renewTime is not what it was. */
export function sighting(before: LeaseSighting | undefined, lease: Lease): LeaseSighting {
  const same =
    before !== undefined &&
    before.lease.metadata.uid === lease.metadata.uid &&
    before.lease.spec?.renewTime === lease.spec?.renewTime &&
    before.lease.spec?.holderIdentity === lease.spec?.holderIdentity;
  return { lease, changedAtMs: same ? before.changedAtMs : performance.now() };
}

/** How long a lease lasts after each renewal by its own account: 15 s where it does not say. */
export function durationMsOf(lease: Lease | undefined): number {
  return (lease?.spec?.leaseDurationSeconds ?? 15) * 1000;
}

/**
 * Whether the holder has let its time run out as seen from here: it can be live for one more duration after the first sighting. `durationMs`: where the lease's own
 * account is not taken.
 */
export function hasExpired({ lease, changedAtMs }: LeaseSighting, durationMs = durationMsOf(lease)): boolean {
  return performance.now() - changedAtMs >= durationMs;
}

/** A MicroTime, which leases use: `2026-01-31T12:00:00.000000Z`. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
