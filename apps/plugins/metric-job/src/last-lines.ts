/** Lines of a log that are asked for. */
export const linesAsked = 20;
/** A line of a log may be endless. */
export const bytesAsked = 64 * 1024;

const linesKept = 10;
const lettersKept = 800;

const unprintable = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The end of a log on one line, fit for a status: its last lines, without colours and empty ones, 800 characters at most. */
export function lastLines(log: string): string {
  const lines = log
    .replaceAll(unprintable, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const letters = [...lines.slice(-linesKept).join(' | ')];
  return letters.length <= lettersKept ? letters.join('') : `…${letters.slice(-lettersKept).join('')}`;
}
