import { maskSecrets } from '@sluice/engine';

/** The forms in which a secret value may come back: as it is, inside JSON, inside a URL. */
function formsOf(secret: string): readonly string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

/** A mask for texts that come from providers. Without secrets it is the text itself. */
export function maskOf(secrets: readonly string[]): (text: string) => string {
  if (secrets.length === 0) return (text) => text;
  const forms = [...new Set(secrets.flatMap(formsOf))];
  return (text) => maskSecrets(text, forms);
}

export function maskedMap(
  mask: (text: string) => string,
  map: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [mask(key), mask(value)]));
}
