import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCompanions } from '../src/scheduler/companions.ts';
import type { Answer, Companions } from '../src/scheduler/companions.ts';
import { flightOf } from '../src/dispatch/flight.ts';

describe('answers of a run', () => {
  let released: string[][];
  let companions: Companions;

  beforeEach(() => {
    vi.useFakeTimers();
    released = [];
    companions = createCompanions((answers) => released.push(answers.map(({ flight }) => flight.id)));
  });
  afterEach(() => vi.useRealTimers());

  it('are decided upon together when their measurements began together', () => {
    companions.began(['a', 'b', 'c']);
    companions.came(answerOf('b'));
    companions.came(answerOf('a'));
    expect(released).toEqual([]);
    companions.came(answerOf('c'));
    expect(released).toEqual([['b', 'a', 'c']]);
  });

  it('do not wait for what began in another turn, nor a poll for anything', () => {
    companions.began(['a']);
    companions.began(['b']);
    companions.came(answerOf('a'));
    companions.came(answerOf('poll'));
    companions.came(answerOf('b'));
    expect(released).toEqual([['a'], ['poll'], ['b']]);
  });

  it('wait two seconds for one that hangs, which counts when it comes', () => {
    companions.began(['a', 'b']);
    companions.came(answerOf('a'));
    vi.advanceTimersByTime(1_999);
    expect(released).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(released).toEqual([['a']]);
    companions.came(answerOf('b'));
    expect(released).toEqual([['a'], ['b']]);
  });

  it('are dropped when the run is let go', () => {
    companions.began(['a', 'b']);
    companions.came(answerOf('a'));
    companions.stop();
    vi.advanceTimersByTime(10_000);
    expect(released).toEqual([]);
  });
});

function answerOf(id: string): Answer {
  const flight = flightOf({
    id,
    uid: 'uid',
    namespace: 'team',
    metric: id,
    ordinal: 1,
    work: 'start',
    target: 'web',
    dueAt: 0,
    deadlineMs: 1_000,
  });
  return { flight, outcome: undefined, handle: undefined };
}
