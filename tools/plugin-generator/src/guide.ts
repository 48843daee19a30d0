/** What a reader of a guide does: types commands, writes files. */
export type GuideStep =
  | { readonly kind: 'commands'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string; readonly text: string };

/** The fenced blocks of a page that are meant to be followed, in their order: ```sh is typed, and ``` with `file=PATH` is written there. */
export function stepsOf(markdown: string): GuideStep[] {
  const blocks = markdown.matchAll(/^```(?<info>[^\n]*)\n(?<text>[\s\S]*?)^```$/gm);
  return [...blocks].flatMap(({ groups }): GuideStep[] => {
    const { info = '', text = '' } = groups ?? {};
    const path = /\bfile=(?<path>\S+)/.exec(info)?.groups?.['path'];
    if (path !== undefined) return [{ kind: 'file', path, text }];
    return info === 'sh' ? [{ kind: 'commands', text }] : [];
  });
}

/**
 * All steps as one script for bash, as a reader would type them into one terminal: it stops at the first command that fails, and leaves nothing running.
 * Each block is announced by a line `# block N`.
 */
export function scriptOf(steps: readonly GuideStep[]): string {
  const blocks = steps.map((step, index) => {
    const told = `echo "# block ${index + 1}"`;
    if (step.kind === 'commands') return `${told}\n${step.text}`;
    return `${told}\ncat > '${step.path}' <<'END_OF_FILE'\n${step.text}END_OF_FILE\n`;
  });
  return ['set -eo pipefail', "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", ...blocks].join('\n');
}
