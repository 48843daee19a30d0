export { decideExperiment } from './decide-experiment.ts';
export { invalidity as experimentInvalidity } from './validity.ts';
export { hasRunMeasured } from './situation.ts';
export { needsRoutes, rolloutOf } from './routes.ts';
export type * from './decision.ts';
export type * from './snapshot.ts';
