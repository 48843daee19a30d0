import { PluginError } from '@sluice/plugin-sdk';
import type { Step } from '@sluice/plugin-sdk';
import type { StepContext } from '@sluice/contracts';
import type { Spoiling } from './proxy.ts';

export interface StepMutant {
  readonly does: string;
  readonly breaks: string;
  readonly bend?: (right: Step) => Step;
  readonly spoil?: () => Spoiling;
}

export const stepMutants: readonly StepMutant[] = [
  {
    does: 'starts its work at each Run',
    breaks: 'S1',
    spoil() {
      let runs = 1_000;
      return {
        request(method, request) {
          const step = request['step'] as StepContext | undefined;
          if (method !== 'run' || step === undefined) return request;
          runs += 1;
          return { ...request, step: { ...step, revision: runs } };
        },
      };
    },
  },
  {
    does: 'starts its work once for all revisions',
    breaks: 'S1',
    spoil: () => ({
      request(_method, request) {
        const step = request['step'] as StepContext | undefined;
        return step === undefined ? request : { ...request, step: { ...step, revision: 1 } };
      },
    }),
  },
  {
    does: 'cannot terminate what does not run',
    breaks: 'S2',
    bend(right) {
      const running = new Set<string>();
      return {
        ...right,
        run: (order, call) =>
          right.run(order, call).finally(() => running.add(`${order.rollout.uid}${order.revision}`)),
        async terminate(order) {
          if (!running.delete(`${order.rollout.uid}${order.revision}`))
            throw new PluginError('NotFound', 'nothing to terminate');
        },
      };
    },
  },
  {
    does: 'answers Abort before the work has ended',
    breaks: 'S2',
    bend: (right) => ({ ...right, abort: async () => ({ phase: 'Running' }) }),
  },
  {
    does: 'keeps its state to itself',
    breaks: 'S3',
    bend(right) {
      const states = new Map<string, unknown>();
      return {
        ...right,
        async run(order, call) {
          const { state: _kept, ...answer } = await right.run(order, call);
          states.set(order.rollout.uid, _kept);
          return answer;
        },
        async poll(order) {
          if (!states.has(order.rollout.uid)) throw new PluginError('NotFound', 'never heard of it');
          return { phase: 'Running' };
        },
      };
    },
  },
];
