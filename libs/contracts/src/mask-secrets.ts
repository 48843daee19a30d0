import { hiding } from '@sluice/model';

/** Puts `*****` where a secret value stands: rule M5. */
export type MaskSecrets = (text: string) => string;

/**
 * Knows the values as they are, without white space around them (a trailing line feed is common), and as they stand in URLs, in forms, in JSON texts and in base64. An empty
 * value masks nothing. Values of few characters are masked where they stand alone, and numbers are never altered in part.
 */
export function maskSecrets(values: readonly string[]): MaskSecrets {
  return hiding(values.flatMap(formsOf));
}

function formsOf(value: string): string[] {
  const trimmed = value.trim();
  return [value, trimmed].flatMap((each) => [
    each,
    encodeURIComponent(each.toWellFormed()),
    new URLSearchParams([['', each]]).toString().slice(1),
    ...inUrl(each),
    JSON.stringify(each).slice(1, -1),
    // Of short values it is short as well, and would mask what has nothing to do with them.
    ...(each.length < 6 ? [] : base64Of(each)),
  ]);
}

/** As a URL shows what was put into it without further ado: a slash stays, a quote or a blank does not. */
function inUrl(text: string): string[] {
  const shown = URL.parse(`http://x/${text}`)?.href.slice('http://x/'.length) ?? '';
  return shown.includes('%') ? [shown] : [];
}

/** What of the text shows in base64, wherever it begins there (as the password does in `user:password`): without the characters that its neighbours share. */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  const inside = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3)),
  );
  return [bytes.toString('base64'), ...inside];
}
