import type { ExpectedError } from '@sluice/tools-start';

/** Lines of level error that the scenarios and moments provoke. Narrow each to its service and its words. */
export const expectedErrors: readonly ExpectedError[] = [];
