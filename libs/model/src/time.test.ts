import { describe, expect, it } from 'vitest';
import { formatMicroTime, formatTime, parseTime } from './time.ts';

describe('a time of Kubernetes', () => {
  it('is RFC 3339 with whole seconds', () => {
    const at = Date.UTC(2026, 10, 21, 9, 29, 52, 999);
    expect(formatTime(at)).toBe('2026-11-21T09:29:52Z');
    expect(formatMicroTime(at)).toBe('2026-11-21T09:29:52.999000Z');
    expect(parseTime('2026-11-21T09:29:52Z')).toBe(at - 999);
  });

  it('may have a fraction and another offset', () => {
    expect(parseTime('2026-11-21T09:29:52.123456Z')).toBe(Date.UTC(2026, 10, 21, 9, 29, 52, 123));
    expect(parseTime('2026-11-21T10:29:52+01:00')).toBe(Date.UTC(2026, 10, 21, 9, 29, 52));
  });

  it('is absent when the text is none', () => {
    for (const text of [undefined, null, '', 'soon', '2026-11-21', '2026-13-01T00:00:00Z'])
      expect(parseTime(text)).toBeUndefined();
  });
});
