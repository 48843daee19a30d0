// Quantities such as `500m` or `1Gi`, written the one way in which the API server writes them: it stores `0.5` as `500m` and `1024Mi` as `1Gi`.

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: readonly (readonly [string, number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
];

/** A number as `digits × 10^exponent`, exact. */
interface Exact {
  digits: bigint;
  exponent: number;
}

function exact(text: string): Exact {
  const [whole = '', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction || '0'), exponent: -fraction.length };
}

function decimal({ digits, exponent }: Exact, allowed: (suffix: string, power: number) => string): string {
  let n = digits;
  let e = exponent;
  if (n === 0n) return '0';
  while (n % 10n === 0n) {
    n /= 10n;
    e++;
  }
  if (e < -9) {
    // Finer than nano: rounded up, as Quantity does.
    const cut = 10n ** BigInt(-9 - e);
    n = n / cut + (n % cut === 0n ? 0n : 1n);
    e = -9;
  }
  const power = Math.floor(e / 3) * 3;
  n *= 10n ** BigInt(e - power);
  const suffix = DECIMAL.find(([, p]) => p === power)?.[0] ?? '';
  return `${n}${allowed(suffix, power)}`;
}

/** The canonical text, or undefined if `value` is not a quantity. */
export function canonicalQuantity(value: unknown): string | undefined {
  const m = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]?)|[eE]([+-]?\d+))$/.exec(
    String(value).trim(),
  );
  if (!m) return undefined;
  const [, sign = '', number = '', binary, suffix, scientific] = m;
  const minus = sign === '-' ? '-' : '';
  const parts = exact(number);
  if (binary) {
    const base = parts.digits * 1024n ** BigInt(BINARY.indexOf(binary));
    if (parts.exponent < 0 && base % 10n ** BigInt(-parts.exponent) !== 0n)
      return minus + decimal({ digits: base, exponent: parts.exponent }, (s) => s);
    let n = base / 10n ** BigInt(-parts.exponent);
    if (n === 0n) return '0';
    let i = 0;
    while (n % 1024n === 0n && i < BINARY.length - 1) {
      n /= 1024n;
      i++;
    }
    return `${minus}${n}${BINARY[i]}`;
  }
  if (scientific !== undefined) {
    const value10 = { digits: parts.digits, exponent: parts.exponent + Number(scientific) };
    return minus + decimal(value10, (_, power) => (power === 0 ? '' : `e${power}`));
  }
  const power = DECIMAL.find(([s]) => s === (suffix ?? ''))?.[1] ?? 0;
  const text = decimal({ digits: parts.digits, exponent: parts.exponent + power }, (s) => s);
  return text === '0' ? '0' : minus + text;
}
