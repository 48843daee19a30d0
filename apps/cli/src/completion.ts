import type { KubeClient, ResourceRef } from '@sluice/kube';
import type { Command } from 'commander';

const completed = new WeakMap<Command, ResourceRef>();

/** Declares that the arguments of a command are names of objects of this kind. */
export function completesWith(command: Command, ref: ResourceRef): void {
  completed.set(command, ref);
}

/**
 * What could stand in place of the last word: subcommands, flags, or names of objects.
 *
 * @param words all words after the program's name; the last one is being typed and may be empty
 * @param clientFor called only when names are needed
 */
export async function completions(
  program: Command,
  words: readonly string[],
  clientFor: () => Promise<KubeClient>,
): Promise<string[]> {
  const current = words.at(-1) ?? '';
  // Global flags among the words say which cluster the names come from.
  const { operands } = program.parseOptions(words.slice(0, -1));
  const command = commandAt(program, operands);
  if (current.startsWith('-')) {
    const options = [...command.options, ...program.options].filter((option) => !option.hidden);
    return startingWith(current, [...new Set(options.map((option) => option.long ?? option.short ?? ''))]);
  }
  const subcommands = command.commands.map((subcommand) => subcommand.name()).filter((name) => !name.startsWith('_'));
  const ref = completed.get(command);
  if (ref === undefined) return startingWith(current, subcommands);
  const client = await clientFor();
  const { items } = await client.list(ref, { namespace: client.namespace });
  return startingWith(current, [...subcommands, ...items.map((item) => item.metadata.name ?? '')]);
}

function startingWith(prefix: string, candidates: readonly string[]): string[] {
  return candidates.filter((candidate) => candidate !== '' && candidate.startsWith(prefix));
}

function commandAt(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    command =
      command.commands.find((candidate) => candidate.name() === word || candidate.aliases().includes(word)) ?? command;
  }
  return command;
}
