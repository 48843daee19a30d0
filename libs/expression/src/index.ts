export type {
  Compilation,
  CompileOptions,
  Condition,
  Evaluation,
  EvaluationEnvironment,
  ExpressionError,
  ExpressionErrorKind,
  VariableType,
} from './api.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { compile } from './compile.ts';
export {
  evaluateCondition,
  evaluateTime,
  type ConditionInput,
  type ConditionVerdict,
  type TimeVerdict,
} from './evaluate-condition.ts';
