export { runSuite, textOf } from './report.ts';
export type { Report, RuleResult, RunOptions } from './report.ts';
export { RuleBroken } from './rule.ts';
export type { Need } from './rule.ts';
export { createSuite, listChecks } from './suite.ts';
export type { CheckOutcome, ListedCheck, Suite, SuiteOptions } from './suite.ts';
export { intentFor } from './subject.ts';
export type { SubjectType, Target } from './subject.ts';
export type { Routed, RouterFaults, RouterWorld, StepWorld, TestRollout } from './world.ts';
