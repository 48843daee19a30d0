import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChildren } from './children.ts';
import type { Children } from './children.ts';

let folder: string;
let children: Children;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-children-'));
  children = createChildren({ folder });
});
afterEach(async () => {
  await children.stop();
  fs.rmSync(folder, { recursive: true });
});

const STAYS = 'setInterval(() => {}, 1000);';
const program = (name: string, script: string) => ({
  name,
  command: process.execPath,
  args: ['-e', script],
  ready: (line: string) => (line.startsWith('ready ') ? line.slice(6) : undefined),
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('children of a session', () => {
  it('are started when they say that they are ready, and ended by stop', async () => {
    const child = await children.start(program('one', `console.log('starting'); console.log('ready now'); ${STAYS}`));
    expect(child).toMatchObject({ name: 'one', ready: 'now' });
    expect(isAlive(child.pid)).toBe(true);
    await children.stop();
    expect(isAlive(child.pid)).toBe(false);
  });

  it('are ended the newest first', async () => {
    const log = path.join(folder, 'ends');
    const tells = (name: string) =>
      program(
        name,
        `process.on('SIGTERM', () => { require('fs').appendFileSync('${log}', '${name} '); process.exit(); }); console.log('ready yes'); ${STAYS}`,
      );
    for (const name of ['a', 'b', 'c']) await children.start(tells(name));
    await children.stop();
    expect(fs.readFileSync(log, 'utf8')).toBe('c b a ');
  });

  it('that end before they are ready fail the start with their last words', async () => {
    const start = children.start(program('two', `throw new TypeError('port 1 is taken')`));
    await expect(start).rejects.toThrow('two ended with code 1: TypeError: port 1 is taken');
  });

  it('that do not exist fail the start', async () => {
    const start = children.start({ ...program('three', ''), command: '/does/not/exist' });
    await expect(start).rejects.toThrow(/^three does not start: .*ENOENT/);
  });

  it('that end by themselves later are reported as lost', async () => {
    const script = `process.once('SIGUSR2', () => { console.error(JSON.stringify({ level: 60, msg: 'the disk is full' })); process.exit(3); }); console.log('ready yes'); ${STAYS}`;
    const child = await children.start(program('four', script));
    process.kill(child.pid, 'SIGUSR2');
    await expect(children.lost).rejects.toThrow('four ended with code 3: the disk is full');
  });

  it('that are ended on purpose are not lost', async () => {
    const child = await children.start(program('five', `console.log('ready yes'); ${STAYS}`));
    await children.end(child.pid);
    expect(isAlive(child.pid)).toBe(false);
    const outcome = await Promise.race([children.lost.catch(() => 'lost'), children.stop().then(() => 'kept')]);
    expect(outcome).toBe('kept');
  });

  it('cannot be started any more once everything is being stopped', async () => {
    await children.stop();
    await expect(children.start(program('six', STAYS))).rejects.toThrow('six is not started');
  });

  it('go on when what they print cannot be kept', async () => {
    const homeless = createChildren({ folder: path.join(folder, 'missing') });
    const child = await homeless.start(program('seven', `console.log('one'); console.log('ready yes'); ${STAYS}`));
    expect(isAlive(child.pid)).toBe(true);
    await homeless.stop();
    expect(isAlive(child.pid)).toBe(false);
  });

  it('leave what they print in a file of their own', async () => {
    await children.start(
      program('eight', `console.log('one'); console.error('two'); console.log('ready yes'); ${STAYS}`),
    );
    await children.stop();
    expect(fs.readFileSync(path.join(folder, 'eight.log'), 'utf8').trim().split('\n').sort()).toEqual(['one', 'two']);
  });
});
