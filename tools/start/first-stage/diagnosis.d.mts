export interface Finding {
  readonly name: string;
  readonly needed: boolean;
  readonly ok: boolean;
  readonly found: string;
  readonly mend: string;
  readonly purpose?: string;
}
export function diagnose(root: string): Promise<Finding[]>;
export function renderDiagnosis(findings: readonly Finding[]): string;
