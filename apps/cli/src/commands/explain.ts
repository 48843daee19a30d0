import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { completesWith } from '../completion.ts';
import { explainRollout } from '../explain.ts';
import { painter } from '../screen.ts';
import { type Session, printLine } from '../session.ts';
import { renderExplanation } from '../view/explanation.ts';

export function registerExplain(program: Command, session: Session): void {
  const command = program
    .command('explain')
    .description('say the one reason why a Rollout is where it is, since when, and what unblocks it')
    .argument('<ROLLOUT>')
    .option('--no-color', 'print without colours')
    .action(async (name: string, flags: { color?: boolean }) => {
      const client = await session.client();
      const nowMs = session.terminal.now();
      const { phase, explanation } = await explainRollout(client, name, nowMs);
      const paint = painter(session, flags);
      for (const line of renderExplanation(name, phase, explanation, nowMs, paint)) printLine(session, line);
    });
  completesWith(command, resources.rollouts);
}
