import { canaryOf } from '../situation.ts';
import type { Situation } from '../situation.ts';

export interface ServiceNames {
  readonly stable: string;
  readonly canary: string;
}

/** With ping-pong the two Services take turns: promotion turns the flag instead of two selectors. Source: spec-rollout §6. */
export function serviceNames(s: Situation): ServiceNames {
  const canary = canaryOf(s);
  const pingPong = canary?.pingPong;
  if (!pingPong) return { stable: canary?.stableService ?? '', canary: canary?.canaryService ?? '' };
  const isPing = s.status.canary?.stablePingPong === 'ping';
  return isPing
    ? { stable: pingPong.pingService ?? '', canary: pingPong.pongService ?? '' }
    : { stable: pingPong.pongService ?? '', canary: pingPong.pingService ?? '' };
}
