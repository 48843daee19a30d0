/** A service of Sluice as a caller; each runs under a ServiceAccount of its own. */
export type Role = 'rollout-controller' | 'experiment-manager' | 'analysis-scheduler' | 'analysis-worker';

export const roles: readonly Role[] = [
  'rollout-controller',
  'experiment-manager',
  'analysis-scheduler',
  'analysis-worker',
];

/** Who may make a call: these services; `users` too where the method asks an access review whether this user may; `anyone` for health. */
export interface Allowed {
  readonly roles: readonly Role[];
  readonly users?: boolean;
  readonly anyone?: boolean;
}

const services = (...allowed: readonly Role[]): Allowed => ({ roles: allowed });
const users: Allowed = { roles: [], users: true };

/** Who may call what, in all of Sluice: by service, or by method where its methods differ. What does not stand here is refused. */
export const callTable: Readonly<Record<string, Allowed>> = {
  'sluice.control.v1.AnalysisService/EnsureRun': services('rollout-controller', 'experiment-manager'),
  'sluice.control.v1.AnalysisService/TerminateRun': {
    roles: ['rollout-controller', 'experiment-manager'],
    users: true,
  },
  'sluice.control.v1.AnalysisService/TryTemplate': users,
  'sluice.control.v1.MeasurementService': services('analysis-worker'),
  'sluice.control.v1.ExperimentService': services('rollout-controller'),
  'sluice.router.v1.TrafficRouter': services('rollout-controller'),
  'sluice.step.v1.StepPlugin': services('rollout-controller'),
  'sluice.metric.v1.MetricProvider': services('analysis-scheduler', 'analysis-worker'),
  // Whether a service is well says nothing about anybody's rollouts.
  'grpc.health.v1.Health': { roles: [], anyone: true },
};

/** `path`: `/sluice.router.v1.TrafficRouter/Apply`. */
export function allowedBy(path: string): Allowed {
  const [, service = '', method = ''] = path.split('/');
  return callTable[`${service}/${method}`] ?? callTable[service] ?? { roles: [] };
}
