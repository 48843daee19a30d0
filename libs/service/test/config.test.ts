import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  HelpRequested,
  choice,
  duration,
  integer,
  list,
  readConfig,
  requiredText,
  text,
  toggle,
} from '../src/index.ts';

const options = {
  kubeconfig: text('File.'),
  workers: integer('At once.', { default: 10, min: 1, max: 50 }),
  leaseDurationMs: duration('Lease.', { default: '15s' }),
  namespaces: list('Where.'),
  format: choice('How.', ['json', 'text'], { default: 'json' }),
  leaderElect: toggle('Elect.', { default: true }),
  announce: toggle('Say.'),
};
const read = (argv: string[], env: Record<string, string> = {}) =>
  readConfig({ name: 'demo', summary: 'Tries.', options }, { argv, env });

function problemsOf(argv: string[], env: Record<string, string> = {}): readonly string[] {
  try {
    read(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('takes defaults where nothing is said', () => {
    expect(read([])).toEqual({
      kubeconfig: undefined,
      workers: 10,
      leaseDurationMs: 15_000,
      namespaces: [],
      format: 'json',
      leaderElect: true,
      announce: false,
    });
  });

  it('prefers a flag to the environment and the environment to the default', () => {
    const env = { SLUICE_WORKERS: '20', SLUICE_LEASE_DURATION: '1m30s' };
    expect(read(['--workers', '30'], env)).toMatchObject({ workers: 30, leaseDurationMs: 90_000 });
  });

  it('reads lists, switches and their negation, with = or a blank', () => {
    expect(read(['--namespaces=a, b,,c', '--announce', '--no-leader-elect', '--format', 'text'])).toMatchObject({
      namespaces: ['a', 'b', 'c'],
      announce: true,
      leaderElect: false,
      format: 'text',
    });
    expect(read([], { SLUICE_LEADER_ELECT: 'false' }).leaderElect).toBe(false);
  });

  it('tells all mistakes at once, each with where it is and what to write', () => {
    expect(
      problemsOf(['--workers', 'many', '--format=xml', '--lease-duration', '5'], { SLUICE_ANNOUNCE: 'maybe' }),
    ).toEqual([
      '--workers is "many": write a whole number.',
      '--lease-duration is "5": write a duration such as 500ms, 15s or 1m30s.',
      '--format is "xml": write one of json, text.',
      'SLUICE_ANNOUNCE is "maybe": write true or false.',
    ]);
  });

  it('refuses a number out of its range', () => {
    expect(problemsOf(['--workers=0'])).toEqual(['--workers is "0": write a whole number from 1 to 50.']);
  });

  it('names the flag that was probably meant', () => {
    expect(problemsOf(['--name', 'a'])[0]).toBe(
      '--name is unknown (did you mean --namespaces?); --help lists the flags.',
    );
    expect(problemsOf(['--leaderElect'])[0]).toContain('did you mean --leader-elect?');
    expect(problemsOf(['--no-workers'])[0]).toContain('--no-workers is unknown');
  });

  it('asks for the value that a flag lacks', () => {
    expect(problemsOf(['--workers', '--announce'])).toEqual(['--workers needs a value: --workers N.']);
    expect(problemsOf(['--kubeconfig'])).toEqual(['--kubeconfig needs a value: --kubeconfig TEXT.']);
  });

  it('asks for what is required', () => {
    const spec = { name: 'demo', summary: 'Tries.', options: { redisUrl: requiredText('Redis to queue in.') } };
    expect(() => readConfig(spec, { argv: [], env: {} })).toThrow(
      '--redis-url is missing: Redis to queue in. Give it, or set SLUICE_REDIS_URL.',
    );
    expect(readConfig(spec, { argv: [], env: { SLUICE_REDIS_URL: 'redis://r' } })).toEqual({ redisUrl: 'redis://r' });
  });

  it('prints every option with its default and environment variable when asked for help', () => {
    expect(() => read(['--help'])).toThrow(HelpRequested);
    expect(() => read(['-h'])).toThrow(/--workers N +At once\. \(10\) \[SLUICE_WORKERS\]/);
  });
});
