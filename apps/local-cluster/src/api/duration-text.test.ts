import { expect, it } from 'vitest';
import { humanDuration } from './duration-text.ts';

const [s, m, h, d] = [1000, 60_000, 3_600_000, 86_400_000];

it.each([
  [5 * s, '5s'],
  [119 * s, '119s'],
  [2 * m, '2m'],
  [2 * m + 30 * s, '2m30s'],
  [10 * m + 5 * s, '10m'],
  [179 * m, '179m'],
  [3 * h + 15 * m, '3h15m'],
  [9 * h + 15 * m, '9h'],
  [2 * d + 4 * h, '2d4h'],
  [30 * d, '30d'],
  [800 * d, '2y70d'],
  [9 * 365 * d, '9y'],
  [-5 * s, '<invalid>'],
])('%d ms are shown as %s', (ms, text) => expect(humanDuration(ms)).toBe(text));
