// Resource quantities ("100m", "1Gi", "0.5", "1e3") as exact numbers and in the one form that Kubernetes stores.

type Format = 'decimal' | 'binary' | 'exponent';

export interface Quantity {
  /** The amount in billionths: Kubernetes keeps no finer fraction and rounds such up. */
  readonly nano: bigint;
  readonly format: Format;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)$/;
const thousands = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binaries = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const billion = 1_000_000_000n;
const largestExponent = 400;
/** Kubernetes caps quantities with binary suffixes at this many units. */
const largestBinary = (2n ** 63n - 1n) * billion;
const withFraction = { decimal: 'decimal', binary: 'decimal', exponent: 'exponent' } as const;

const roundUp = (numerator: bigint, denominator: bigint): bigint => {
  const whole = numerator / denominator;
  return numerator % denominator === 0n ? whole : whole + 1n;
};

/** Multiplier of a suffix, as numerator over denominator of billionths per unit. */
const scaleOf = (suffix: string): { format: Format; up: bigint; down: bigint } => {
  const binary = binaries.indexOf(suffix);
  if (binary > 0) return { format: 'binary', up: billion * 1024n ** BigInt(binary), down: 1n };
  const thousand = thousands.indexOf(suffix);
  if (thousand >= 0) return { format: 'decimal', up: 1000n ** BigInt(thousand), down: 1n };
  const exponent = Math.max(-largestExponent, Math.min(largestExponent, Number(suffix.slice(1))));
  return exponent < 0
    ? { format: 'exponent', up: billion, down: 10n ** BigInt(-exponent) }
    : { format: 'exponent', up: billion * 10n ** BigInt(exponent), down: 1n };
};

/** The quantity of a text or number as people write it in manifests, or undefined when it is none. */
export const parseQuantity = (value: string | number): Quantity | undefined => {
  const match = pattern.exec(String(value).trim());
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const { format, up, down } = scaleOf(suffix);
  const exact = roundUp(BigInt(whole + fraction) * up, 10n ** BigInt(fraction.length) * down);
  const amount = format === 'binary' && exact > largestBinary ? largestBinary : exact;
  // A binary suffix cannot say a fraction of a unit: Kubernetes writes such an amount in decimals.
  return { nano: sign === '-' ? -amount : amount, format: amount % billion === 0n ? format : withFraction[format] };
};

const withFactor = (amount: bigint, factor: bigint, suffixes: readonly string[]): string => {
  let left = amount;
  let power = 0;
  while (left % factor === 0n && power < suffixes.length - 1) {
    left /= factor;
    power += 1;
  }
  return `${left}${suffixes[power]}`;
};

const exponents = [-9, -6, -3, 0, 3, 6, 9, 12, 15, 18].map((power) => (power === 0 ? '' : `e${power}`));

/** The one form that Kubernetes writes: "1000m" becomes "1", "1024Mi" "1Gi", "0.5" "500m". */
export const formatQuantity = ({ nano, format }: Quantity): string => {
  if (nano === 0n) return '0';
  const size = nano < 0n ? -nano : nano;
  // Below 1Ki there is no binary suffix to write.
  if (format === 'binary' && size >= 1024n * billion) return withFactor(nano / billion, 1024n, binaries);
  return withFactor(nano, 1000n, format === 'exponent' ? exponents : thousands);
};

/**
 * Text that Kubernetes takes for canonical already and stores as it is: no fraction finer than its suffix could say in
 * steps of a thousand, and no thousands left over. So "1.125" stays, while "1.5" becomes "1500m".
 */
const isKept = (text: string): boolean => {
  const [, , whole = '', fraction = '', suffix = ''] = pattern.exec(text) ?? [];
  if (suffix.endsWith('i')) return false;
  const digits = (whole.replace(/^0+(?=\d)/, '') || '0') + fraction;
  const power = thousands.indexOf(suffix);
  const scale = (power >= 0 ? 3 * (power - 3) : Number(suffix.slice(1))) - fraction.length;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
};

/** The form that Kubernetes stores a quantity in; text that is none stays as it is, for the API server to refuse. */
export const canonicalQuantity = (value: string | number): string => {
  const text = String(value).trim();
  const quantity = parseQuantity(text);
  return quantity === undefined || isKept(text) ? text : formatQuantity(quantity);
};

/** Rounds up to thousandths, as Kubernetes does with requests and limits when it applies defaults. */
export const roundedUpToMilli = ({ nano, format }: Quantity): Quantity => {
  const milli = billion / 1000n;
  const size = nano < 0n ? -nano : nano;
  const rounded = roundUp(size, milli) * milli;
  return { nano: nano < 0n ? -rounded : rounded, format };
};

/** Negative, zero or positive as a is less than, equal to or greater than b; undefined when one is no quantity. */
export const compareQuantities = (a: string | number, b: string | number): number | undefined => {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  if (left === undefined || right === undefined) return undefined;
  return left.nano < right.nano ? -1 : left.nano > right.nano ? 1 : 0;
};
