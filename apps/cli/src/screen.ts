import type { Command } from 'commander';
import { describeError } from './errors.ts';
import type { Session } from './session.ts';
import { type Paint, ansi, plain } from './view/icons.ts';

// How a view gets onto the screen: in colour or not, once or again and again.

export function withScreenFlags(command: Command): Command {
  return command
    .option('-w, --watch', 'keep the view up to date until stopped')
    .option('--no-color', 'print without colours');
}

/** Colours are for people: none with --no-color, on a dumb terminal, with NO_COLOR, or when the output goes into a file or another program. */
export function painter(session: Session, flags: { readonly color?: boolean }): Paint {
  const { env, isScreen } = session.terminal;
  const wanted = flags.color !== false && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '';
  return isScreen && wanted ? ansi : plain;
}

const CLEAR = '\x1b[H\x1b[2J';

/** Shows a view in place of the one before. Where there is no screen to clear, views follow each other, and one that says nothing new is left out. */
export function createRedraw(session: Session): (lines: readonly string[], trouble: unknown) => void {
  let shown = '';
  return (lines, trouble) => {
    const footer = trouble === undefined ? [] : ['', `Not up to date: ${describeError(trouble)}`];
    const text = [...lines, ...footer].join('\n');
    if (session.terminal.isScreen) session.terminal.write(`${CLEAR}${text}\n`);
    else if (text !== shown) session.terminal.write(shown === '' ? `${text}\n` : `\n${text}\n`);
    shown = text;
  };
}
