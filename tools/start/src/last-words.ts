/** The one line, out of the last that a program printed, that best says why it ended; '' when it said nothing. */
export function lastWords(lines: readonly string[]): string {
  const told = lines.map((line) => readLine(line)).filter((line) => line !== undefined);
  // Node prints a stack, with the message somewhere above its end.
  const thrown = told.findLast((line) => /^(Uncaught )?[\w.]*Error\b.*: /.test(line));
  return (thrown ?? told.at(-1) ?? '').trim();
}

// Logs are JSON lines: what a person wants is the message, and the error's.
function readLine(line: string): string | undefined {
  const text = line.trim();
  if (text === '' || /^at /.test(text) || /^Node\.js v\d/.test(text) || /^[\^~{}()[\];,]+$/.test(text))
    return undefined;
  if (!text.startsWith('{')) return text;
  try {
    const entry = JSON.parse(text) as { msg?: string; message?: string; err?: { message?: string }; error?: unknown };
    const cause = entry.err?.message ?? (typeof entry.error === 'string' ? entry.error : undefined);
    const message = entry.msg ?? entry.message;
    return [message, cause].filter((part, i, all) => part && all.indexOf(part) === i).join(': ') || text;
  } catch {
    return text;
  }
}
