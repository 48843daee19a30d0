export { formatFieldError, invalidSpecMessage } from './field-error.ts';
export type { FieldError, FieldErrorType } from './field-error.ts';
export { referencedServices, referencedTemplates, validateReferences } from './references.ts';
export type { ReferenceLookups } from './references.ts';
export { validateRollout } from './rollout.ts';
