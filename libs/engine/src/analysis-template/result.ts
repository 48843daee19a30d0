/** Why templates or arguments cannot be made into a run. Branch on the code, never on the text. */
export type AnalysisErrorCode =
  | 'TemplateNotFound'
  | 'MetricConflict'
  | 'RuleConflict'
  | 'ArgumentConflict'
  | 'ArgumentNotResolved'
  | 'InvalidFieldPath'
  | 'UnknownTag'
  | 'InvalidSpec';

export interface AnalysisError {
  readonly code: AnalysisErrorCode;
  /** In the words of spec-analysis. */
  readonly message: string;
}

export type Resolved<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: AnalysisError };

export const resolved = <T>(value: T): Resolved<T> => ({ ok: true, value });

export const unresolved = (code: AnalysisErrorCode, message: string): Resolved<never> => ({
  ok: false,
  error: { code, message },
});
