// Random histories of a canary some of whose steps are done by plugins: they take long, fail, are away, and their answers are late or lost.
import fc from 'fast-check';
import type { CanaryStep, CanaryStrategy } from '@sluice/model';
import type { Choice } from '../src/index.ts';
import { historyOf, spokenFor } from './history.ts';
import type { History } from './history.ts';

const names = ['org/smoke', 'org/load'];
const steps = fc.array(
  fc.oneof(
    fc.constantFrom(25, 50, 100).map((setWeight): CanaryStep => ({ setWeight })),
    fc.constantFrom<CanaryStep>({ pause: {} }, { pause: { duration: 1 } }),
    fc.constantFrom(...names).map((name): CanaryStep => ({ plugin: { name, config: { of: name } } })),
    fc.constantFrom(...names).map((name): CanaryStep => ({ plugin: { name, config: { of: name } } })),
  ),
  { minLength: 1, maxLength: 5 },
);

const faults: fc.Arbitrary<Choice>[] = [
  fc.constantFrom(1, 1, 2, 5).map((replies): Choice => ({ do: 'plugins-lose', replies })),
  fc.constantFrom(1, 1, 3).map((replies): Choice => ({ do: 'plugins-err', replies })),
  fc.constantFrom<Choice>({ do: 'plugins-go' }, { do: 'plugins-restart' }, { do: 'plugins-restart' }),
  fc.constantFrom(0, 50, 3000, 40_000).map((ms): Choice => ({ do: 'plugins-delay', ms })),
  fc.constantFrom(0, 500, 20_000, 3_600_000).map((ms): Choice => ({ do: 'plugins-take', ms })),
  fc.constantFrom('completed' as const, 'failed' as const).map((outcome): Choice => ({ do: 'plugins-end', outcome })),
  fc.nat(2).map((after): Choice => ({ do: 'die', after })),
];
const changes: fc.Arbitrary<Choice>[] = [
  steps.map((list) => ({ do: 'change-spec', patch: { strategy: { canary: { steps: list } } } })),
];

export const pluginHistory: fc.Arbitrary<History> = fc
  .tuple(
    historyOf(
      fc.record({ steps, services: fc.boolean() }).map(({ steps: list, services }) => ({
        canary: {
          steps: list,
          ...(services ? { stableService: 'stable', canaryService: 'canary' } : {}),
        } as CanaryStrategy,
      })),
      fc.oneof({ weight: 4, arbitrary: spokenFor(changes) }, { weight: 1, arbitrary: fc.oneof(...faults) }),
    ),
    fc.constantFrom(0, 500, 20_000, 20_000),
  )
  .map(([{ workload: _, ...history }, takesMs]) => ({ ...history, more: {}, stepPlugins: { names, takesMs } }));
