import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { completesWith } from '../completion.ts';
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
      // Loaded only here: no other command needs the engine and the controller.
      const { explainRollout } = await import('../explain.ts');
      const client = await session.client();
      const nowMs = session.terminal.now();
      const { phase, explanation, otherController } = await explainRollout(client, name, nowMs);
      const paint = painter(session, flags);
      for (const line of renderExplanation(name, phase, explanation, nowMs, paint)) printLine(session, line);
      if (otherController === undefined) return;
      const { holder, lease } = otherController;
      printLine(
        session,
        `Note:      Another controller (${holder}, Lease ${lease}) looks after it; Sluice only observes.`,
      );
    });
  completesWith(command, resources.rollouts);
}
