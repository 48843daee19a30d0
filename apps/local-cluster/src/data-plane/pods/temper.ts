// How a version behaves towards its clients: which share of requests it fails, and how long it takes.
import { durationMs } from '../../workloads/node/behaviour.ts';
import type { Pod } from '../objects/shapes.ts';

export interface Temper {
  /** Share of requests that are answered with 500, 0 to 1. */
  readonly errorRate: number;
  readonly latencyMs: number;
}

/** Annotations of a pod; they count at once, also on one that runs. The environment of its first container may say the same: ERROR_RATE, LATENCY. */
export const temperAnnotations = {
  /** `0.3` or `30%`. */
  errorRate: 'local-cluster.sluice.dev/error-rate',
  /** `250ms`, `1s`. */
  latency: 'local-cluster.sluice.dev/latency',
} as const;

const badImageErrorRate = 0.5;
const slowImageLatencyMs = 300;

/** Annotation before environment before the image's name; what cannot be read counts as absent. */
export function temperOf({ metadata, spec }: Pod): Temper {
  const container = spec?.containers?.[0];
  const env = (name: string): string | undefined => container?.env?.find((e) => e.name === name)?.value;
  const image = container?.image ?? '';
  const { annotations = {} } = metadata;
  return {
    errorRate:
      share(annotations[temperAnnotations.errorRate]) ??
      share(env('ERROR_RATE')) ??
      (image.includes('-errors') ? badImageErrorRate : 0),
    latencyMs:
      durationMs(annotations[temperAnnotations.latency]) ??
      durationMs(env('LATENCY')) ??
      (image.includes('-slow') ? slowImageLatencyMs : 0),
  };
}

function share(text: string | undefined): number | undefined {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Math.min(1, Number(number) / (percent ? 100 : 1));
}
