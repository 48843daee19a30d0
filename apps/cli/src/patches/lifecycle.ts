import { formatTime } from '@sluice/model';

/** Merge patches of the commands that set one field. `status` patches go to the status subresource, where there is one. */
export const abortPatch = { status: { abort: true } } as const;
export const retryRolloutPatch = { status: { abort: false } } as const;
export const pausePatch = { spec: { paused: true } } as const;
/** Forgets all that an Experiment has been through, so that it starts again. */
export const retryExperimentPatch = { status: null } as const;
export const terminatePatch = { spec: { terminate: true } } as const;

/** @param restartAtMs when pods that are older than this are to be replaced */
export function restartPatch(restartAtMs: number): { spec: { restartAt: string } } {
  return { spec: { restartAt: formatTime(restartAtMs) } };
}
