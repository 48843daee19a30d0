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

/**
 * Shows a view in place of the one before. Where there is no screen to clear, views follow each other, and one that differs from the last
 * in ages only is left out.
 *
 * @param render the lines of the view as they are at a moment, in milliseconds
 */
export function createRedraw(
  session: Session,
): (render: (nowMs: number) => readonly string[], trouble: unknown) => void {
  const { terminal } = session;
  let last: string | undefined;
  return (render, trouble) => {
    const footer = trouble === undefined ? [] : ['', `Not up to date: ${describeError(trouble)}`];
    const text = `${[...render(terminal.now()), ...footer].join('\n')}\n`;
    if (terminal.isScreen) return terminal.write(`${CLEAR}${text}`);
    const withoutTime = [...render(0), ...footer].join('\n');
    if (withoutTime !== last) terminal.write(last === undefined ? text : `\n${text}`);
    last = withoutTime;
  };
}
