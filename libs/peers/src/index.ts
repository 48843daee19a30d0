export { PeerError, isPeerError } from './peer-error.ts';
export { createAnalysisPeer, createExperimentPeer } from './peers.ts';
export type { AnalysisPeer, AskOptions, EnsureOptions, ExperimentPeer, Named, PeerOptions } from './peers.ts';
