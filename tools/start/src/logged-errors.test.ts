import process from 'node:process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createChildren } from './children.ts';
import { checkLoggedErrors, errorIn, unexpectedErrors } from './logged-errors.ts';

const line = (level: string, msg: string) => JSON.stringify({ level, service: 'x', msg });

describe('a line of a log', () => {
  it('tells of an error where its level says so', () => {
    expect(errorIn('a', line('error', 'it broke'))).toMatchObject({ service: 'a', message: 'it broke' });
    expect(errorIn('a', line('fatal', 'it ended'))).toBeDefined();
    for (const other of [line('warn', 'error'), line('info', 'level: "error"'), 'error', '{"level":"error"', ''])
      expect(errorIn('a', other)).toBeUndefined();
  });

  it('is unexpected unless the suite lists it for that service', () => {
    const errors = [errorIn('router', line('error', 'gone'))!, errorIn('runner', line('error', 'gone'))!];
    const expected = [{ service: /^router$/, line: /gone/, reason: 'the router is killed' }];
    expect(unexpectedErrors(errors, expected).map(({ service }) => service)).toEqual(['runner']);
    const said: string[] = [];
    expect(checkLoggedErrors(errors, expected, (text) => void said.push(text))).toBe(false);
    expect(said.join('\n')).toContain('1 × runner: gone');
    expect(checkLoggedErrors(errors.slice(0, 1), expected, () => undefined)).toBe(true);
  });
});

describe('children', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-logged-'));
  const children = createChildren({ folder });
  afterEach(async () => {
    await children.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keep every line of level error that any of them writes, on both outputs', async () => {
    const script = `console.log('ready'); console.error('${line('error', 'one')}'); console.log('${line('error', 'two')}');
      console.error('${line('info', 'three')}'); setTimeout(() => undefined, 60_000)`;
    await children.start({
      name: 'child',
      command: process.execPath,
      args: ['-e', script],
      ready: (text) => (text === 'ready' ? true : undefined),
    });
    await expect
      .poll(
        () =>
          children
            .errors()
            .map(({ message }) => message)
            .sort(),
        { timeout: 20_000 },
      )
      .toEqual(['one', 'two']);
  });
});
