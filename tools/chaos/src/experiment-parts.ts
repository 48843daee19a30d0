// What an experiment needs besides its analyses: the experiment-manager, the controller of the Rollouts it is a step of, and a router that gives it weights.
import path from 'node:path';
import { freePorts, root } from '@sluice/tools-start';
import { announced, createPart, localService, shortLeases } from './part.ts';
import type { Part } from './part.ts';

export interface ExperimentPlan {
  readonly kubeconfig: string;
  readonly folder: string;
  /** Where it answers calls. */
  readonly analysisRunner: string;
}

export async function createExperimentParts(
  plan: ExperimentPlan,
): Promise<{ readonly manager: Part; readonly controller: Part; readonly router: Part }> {
  const first = await freePorts(2);
  const [managerPort, routerPort] = [String(first), String(first + 1)];
  const part = (name: string, folder: string, ...args: readonly string[]): Part =>
    createPart({
      name,
      command: process.execPath,
      args: [
        ...['--max-semi-space-size=4', path.join(root, folder, 'src/main.ts'), '--kubeconfig', plan.kubeconfig],
        ...args,
      ],
      log: path.join(plan.folder, `${name}.log`),
      ready: announced(name, plan.folder),
    });
  const grpc = (port: string): readonly string[] => ['--grpc-host', '127.0.0.1', '--grpc-port', port];
  const runner = ['--analysis-runner', plan.analysisRunner];
  return {
    manager: part(
      'experiment-manager',
      'apps/experiment-manager',
      ...[...localService, ...shortLeases, ...runner, ...grpc(managerPort)],
    ),
    controller: part(
      'rollout-controller',
      'apps/rollout-controller',
      ...[...localService, ...shortLeases, ...runner, '--experiment-manager', `127.0.0.1:${managerPort}`],
      ...['--plugins', `router:istio=127.0.0.1:${routerPort}`],
    ),
    router: part(
      'router-istio',
      'apps/plugins/router-istio',
      ...['--http-host', '127.0.0.1', '--http-port', '0', '--announce', ...grpc(routerPort)],
    ),
  };
}
