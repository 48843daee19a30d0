export interface StartOptions {
  readonly scenario: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly installCrds: boolean;
  readonly servicesOnly: boolean;
  readonly exit: boolean;
  readonly help: boolean;
}
export const usage: string;
export function startOptions(args: readonly string[]): StartOptions;
