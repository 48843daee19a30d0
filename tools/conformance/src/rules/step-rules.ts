import { StepPhase, StepPluginService } from '@sluice/contracts';
import { must, mustEqual } from '../rule.ts';
import type { Rule, StepContext } from '../rule.ts';
import { contextOf } from '../subject.ts';
import type { Subject } from '../subject.ts';
import type { TestRollout } from '../world.ts';
import { stepContextFor } from './driver.ts';

const { run, poll, terminate, abort } = StepPluginService;

async function runStep(subject: Subject, target: TestRollout, revision = 1) {
  const { result } = await subject.ask(run, { context: contextOf(), step: stepContextFor(target, revision) });
  must(result !== undefined && isPhase(result.phase), 'Run answered without a phase');
  return result;
}

function isPhase(phase: string): boolean {
  return phase !== StepPhase.UNSPECIFIED && phase !== StepPhase.UNRECOGNIZED;
}

const once: Rule<StepContext> = {
  id: 'S1',
  title: 'Run starts a step once for each rollout, revision and step',
  checks: [
    {
      title: 'asked again, it answers with the state of that step',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const first = await runStep(subject, target);
        const again = await runStep(subject, target);
        mustEqual([again.phase, again.stateJson], [first.phase, first.stateJson], 'phase and state of the second Run');
      },
    },
    {
      title: 'work is begun once for a step, and anew for another revision',
      needs: ['world'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        const before = (await world?.starts()) ?? 0;
        for (let times = 0; times < 3; times += 1) await runStep(subject, target);
        mustEqual(((await world?.starts()) ?? 0) - before, 1, 'how often work was begun for one step');
        await runStep(subject, target, 2);
        mustEqual(((await world?.starts()) ?? 0) - before, 2, 'how often work was begun for two revisions');
      },
    },
  ],
};

const ending: Rule<StepContext> = {
  id: 'S2',
  title: 'Terminate and Abort end the step before they answer, and succeed when there is nothing to end',
  checks: (['terminate', 'abort'] as const).map((name) => ({
    title: `${name}: of a step that runs, again, and of one that never ran`,
    needs: ['rollout'] as const,
    async run({ subject, newRollout }: StepContext) {
      const definition = name === 'terminate' ? terminate : abort;
      const target = await newRollout();
      const end = async (revision: number, stateJson: string) => {
        const step = stepContextFor(target, revision, stateJson);
        const { result } = await subject.ask(definition, { context: contextOf(), step });
        mustEqual(result?.phase, StepPhase.SUCCESSFUL, `the phase that ${name} answers`);
      };
      const { stateJson } = await runStep(subject, target);
      await end(1, stateJson);
      await end(1, stateJson);
      await end(99, '');
    },
  })),
};

const statelessness: Rule<StepContext> = {
  id: 'S3',
  title: 'the caller keeps the state: the plugin needs no storage of its own',
  checks: [
    {
      title: 'Poll with the state of the last answer knows the step',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { phase, stateJson } = await runStep(subject, target);
        const { result } = await subject.ask(poll, { step: stepContextFor(target, 1, stateJson) });
        mustEqual(result?.phase, phase, 'the phase that Poll answers');
      },
    },
    {
      title: 'it does so also after the plugin was restarted',
      needs: ['rollout', 'restart'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { phase, stateJson } = await runStep(subject, target);
        await subject.restart?.();
        const { result } = await subject.ask(poll, { step: stepContextFor(target, 1, stateJson) });
        mustEqual(result?.phase, phase, 'the phase that Poll answers after a restart');
      },
    },
  ],
};

export const stepRules: readonly Rule<StepContext>[] = [once, ending, statelessness];
