export { PeerError, isPeerError } from './peer-error.ts';
export { createAnalysisPeer, createExperimentPeer } from './peers.ts';
export type {
  AnalysisPeer,
  AnalysisTrialPeer,
  AskOptions,
  EnsureOptions,
  ExperimentPeer,
  Named,
  PeerOptions,
  TryOptions,
} from './peers.ts';
