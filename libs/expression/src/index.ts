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
