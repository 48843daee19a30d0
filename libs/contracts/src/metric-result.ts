/** What a back end said, as conditions see it in `result`: JSON, with NaN and both infinities among its numbers. */
export type MetricResult =
  string | number | boolean | null | readonly MetricResult[] | { readonly [key: string]: MetricResult };

// Each word with a number that no program writes: JSON on both sides, so that only what stands outside its strings has to be exchanged.
const words = [
  ['-Infinity', '-1e999999'],
  ['Infinity', '1e999999'],
  ['NaN', '-0e999999'],
] as const;
const numbers = words.map(([word, number]) => [number, word] as const);

// In Node, not yet in the types of the language.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** The text of `Finished.value_json`: as JSON.stringify writes it, but NaN and the infinities as bare words. Throws what JSON.stringify throws. */
export function formatMetricResult(result: unknown): string {
  let isPlain = true;
  const text = JSON.stringify(result ?? null, (_key, value: unknown) => {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    isPlain = false;
    return rawJSON(words.find(([word]) => word === String(value))?.[1] ?? 'null');
  }) as string | undefined;
  return text === undefined ? 'null' : isPlain ? text : exchanged(text, numbers);
}

/** Reads `Finished.value_json`. Throws a SyntaxError when it is none. Takes time in proportion to the text, whatever stands in it. */
export function parseMetricResult(text: string): MetricResult {
  try {
    return JSON.parse(text) as MetricResult;
  } catch (error) {
    if (!words.some(([word]) => text.includes(word))) throw error;
  }
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    context?.source === '-0e999999' ? NaN : value;
  return JSON.parse(exchanged(text, words), revive) as MetricResult;
}

function exchanged(text: string, table: readonly (readonly [from: string, to: string])[]): string {
  const parts: string[] = [];
  let from = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    if (inString) {
      if (text[at] === '\\') at += 1;
      else if (text[at] === '"') inString = false;
    } else if (text[at] === '"') {
      inString = true;
    } else {
      const entry = table.find(([word]) => text.startsWith(word, at));
      if (entry === undefined) continue;
      parts.push(text.slice(from, at), entry[1]);
      at += entry[0].length - 1;
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.join('');
}
