import type { Command } from 'commander';
import { completions } from '../completion.ts';
import { UsageError } from '../errors.ts';
import type { Session } from '../session.ts';

// Both scripts ask the program itself: `__complete` prints one candidate a line.

const BASH = `_sluice() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sluice sluice kubectl-sluice
`;

const ZSH = `#compdef sluice kubectl-sluice
_sluice() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $candidates
}
compdef _sluice sluice kubectl-sluice
`;

export function registerCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('print a script that completes commands and names in a shell: source <(sluice completion bash)')
    .argument('<SHELL>', 'bash or zsh')
    .action((shell: string) => {
      if (shell !== 'bash' && shell !== 'zsh')
        throw new UsageError(`no completion for shell "${shell}": expected bash or zsh`);
      session.terminal.write(shell === 'bash' ? BASH : ZSH);
    });
  program
    .command('__complete', { hidden: true })
    .argument('[WORDS...]')
    .action(async (words: string[]) => {
      for (const candidate of await completions(program, words, () => session.client()))
        session.terminal.write(`${candidate}\n`);
    });
}
