// What an absent field of a Rollout means (spec-rollout §1). Only spec.replicas is ever written back.
export const defaults = {
  replicas: 1,
  minReadySeconds: 0,
  revisionHistoryLimit: 10,
  progressDeadlineSeconds: 600,
  successfulRunHistoryLimit: 5,
  unsuccessfulRunHistoryLimit: 5,
  maxTrafficWeight: 100,
  /** A bare "25", which is 25 %. */
  maxSurge: '25',
  maxUnavailable: '25',
  autoPromotionEnabled: true,
  /** Of blue-green, and of canaries with a router; a canary without one has no delay. */
  scaleDownDelaySeconds: 30,
  abortScaleDownDelaySeconds: 30,
  experimentProgressDeadlineSeconds: 600,
  experimentScaleDownDelaySeconds: 30,
} as const;
