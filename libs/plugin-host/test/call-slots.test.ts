import { describe, expect, test } from 'vitest';
import { createCallSlots } from '../src/call-slots.ts';

const patient = { atOnce: 1, waitMs: 600_000 };

describe('a call to a plugin that others are calling', () => {
  test('is turned away at once while none of theirs has come to an end', async () => {
    const slots = createCallSlots(patient);
    expect(await slots.enter('nginx')).toBe(true);
    expect(await slots.enter('nginx')).toBe(false);
    expect(await slots.enter('istio')).toBe(true);
  });

  test('waits for its turn as long as theirs come to an end, first come first served', async () => {
    const slots = createCallSlots({ ...patient, atOnce: 2 });
    const came: string[] = [];
    await slots.enter('nginx');
    await slots.enter('nginx');
    slots.leave('nginx');
    await slots.enter('nginx');
    const waiting = ['first', 'second'].map(async (name) => {
      const isTurn = await slots.enter('nginx');
      came.push(name);
      return isTurn;
    });
    slots.leave('nginx');
    expect(await waiting[0]).toBe(true);
    expect(came).toEqual(['first']);
    slots.leave('nginx');
    expect(await waiting[1]).toBe(true);
  });

  test('that waited in vain leaves the slot to others', async () => {
    const slots = createCallSlots({ ...patient, atOnce: 2 });
    await slots.enter('nginx');
    await slots.enter('nginx');
    slots.leave('nginx');
    await slots.enter('nginx');
    const given = new AbortController();
    const inVain = slots.enter('nginx', given.signal);
    given.abort();
    expect(await inVain).toBe(false);
    const next = slots.enter('nginx');
    slots.leave('nginx');
    expect(await next).toBe(true);
  });
});
