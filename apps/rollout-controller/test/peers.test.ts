import type { Action, EventIntent } from '@sluice/engine';
import { PeerError } from '@sluice/peers';
import type { AnalysisPeer, ExperimentPeer } from '@sluice/peers';
import { describe, expect, it } from 'vitest';
import { createWriteRefusals } from '../src/assemble/write-refusals.ts';
import { createCreationAnswers } from '../src/assemble/creation-answers.ts';
import { execute } from '../src/execute/execute.ts';
import { noRouters } from '../src/execute/no-routers.ts';
import { createPeerAnswers } from '../src/peers/peer-answers.ts';
import { createTurnEvents } from '../src/turn-events.ts';
import { decision, namespace, ownerOf, rollout, snapshot, updateSet } from './objects.ts';
import { recordedClient } from './recorded-client.ts';

const owner = rollout();
const metadata = { namespace, ownerReferences: [ownerOf(owner)] };
const ensureRun: Action = {
  kind: 'EnsureAnalysisRun',
  run: { metadata: { ...metadata, name: 'web-b-2-1' }, spec: { metrics: [] } },
  events: [],
};
const created: EventIntent = { type: 'Normal', reason: 'ExperimentCreated', message: '' };
const ensureExperiment: Action = {
  kind: 'EnsureExperiment',
  experiment: { metadata: { ...metadata, name: 'web-b-2-1' }, spec: { templates: [] } },
  events: [created],
};
const endRun: Action = { kind: 'TerminateAnalysisRun', name: 'web-a-1', uid: 'uid-run', events: [] };
const away = new PeerError('Unavailable', 'the analysis-runner at 127.0.0.1:1 cannot be reached');

interface Peers {
  readonly ensureRun?: AnalysisPeer['ensureRun'];
  readonly terminateRun?: AnalysisPeer['terminateRun'];
  readonly ensure?: ExperimentPeer['ensure'];
}

function setUp({ ensureRun = named, terminateRun = nothing, ensure = named }: Peers = {}) {
  const { client, calls } = recordedClient([owner]);
  const asked: string[] = [];
  const events: string[] = [];
  const turnEvents = createTurnEvents(({ reason }) => void events.push(reason));
  const answers = createPeerAnswers();
  const assembled = snapshot({ rollout: owner });
  let now = 1_000_000;
  const run = (...actions: readonly Action[]) =>
    execute(
      {
        client,
        snapshot: assembled,
        stored: owner,
        signal: new AbortController().signal,
        mayWrite: () => true,
        now: () => now,
        wrote: () => undefined,
        removed: () => undefined,
        record: (event) => turnEvents.happened(event),
        events: turnEvents,
        creations: createCreationAnswers(),
        refusals: createWriteRefusals(),
        routers: noRouters,
        peers: {
          answers,
          analysis: {
            ensureRun(wanted, options) {
              asked.push(`ensure ${options.idempotencyKey}`);
              return ensureRun(wanted, options);
            },
            terminateRun(wanted, options) {
              asked.push(`end ${wanted.namespace}/${wanted.name} ${wanted.uid}`);
              return terminateRun(wanted, options);
            },
            close: () => undefined,
          },
          experiments: { ensure, terminate: nothing, close: () => undefined },
        },
      },
      decision(actions),
      { deferStatus: false, mayDecideAgain: false },
    );
  const sent = () => calls.map(({ verb, plural, name }) => `${verb} ${plural} ${name ?? ''}`);
  return { run, sent, asked, events, answers, later: (ms: number) => (now += ms) };
}

const named: AnalysisPeer['ensureRun'] & ExperimentPeer['ensure'] = ({ metadata: { name } }) =>
  Promise.resolve({ namespace, name, uid: 'uid-of-it' });
const nothing = () => Promise.resolve();
const fails = (error: Error) => () => Promise.reject(error);

describe('what is asked of another service', () => {
  it('comes after everything else, and its status after it', async () => {
    const { run, sent, asked } = setUp();
    expect(await run(updateSet('web-a', { replicas: 0 }), ensureRun)).toEqual({ kind: 'done' });
    expect(asked).toEqual(['ensure uid-web/web-b-2-1']);
    expect(sent()).toEqual(['patch replicasets web-a', 'patch rollouts web']);
  });

  it('is told once it exists', async () => {
    const { run, events } = setUp();
    await run(ensureExperiment);
    expect(events).toEqual(['ExperimentCreated']);
  });

  it('keeps no status of something that does not exist, and is part of the next snapshot when it fails', async () => {
    const { run, sent, answers } = setUp({ ensureRun: fails(away) });
    expect(await run(updateSet('web-a', { replicas: 0 }), ensureRun)).toMatchObject({ kind: 'answered' });
    expect(sent()).toEqual(['patch replicasets web-a']);
    expect(answers.of('uid-web', 1_000_500)).toEqual({ unreachable: { analysis: away.message } });
    expect(answers.againAt('uid-web', 1_000_500)).toBe(1_001_000);
    expect(answers.of('uid-web', 1_001_000)).toEqual({});
  });

  it('is decided anew when it got another name, or the name is somebody else’s', async () => {
    const renamed = setUp({ ensureRun: () => Promise.resolve({ namespace, name: 'web-b-2-1.1', uid: 'x' }) });
    expect(await renamed.run(ensureRun)).toMatchObject({ kind: 'stale' });
    const foreign = setUp({ ensure: fails(new PeerError('Conflict', 'somebody else’s')) });
    expect(await foreign.run(ensureExperiment)).toMatchObject({ kind: 'stale' });
    for (const { answers, sent } of [renamed, foreign]) {
      expect(answers.of('uid-web', 1_000_000)).toEqual({ takenRunNames: ['web-b-2-1'] });
      expect(sent()).toEqual([]);
    }
  });

  it('stops nothing when it is only to end something, and is asked again later', async () => {
    const { run, sent, asked, answers, later } = setUp({ terminateRun: fails(away) });
    expect(await run(endRun)).toEqual({ kind: 'done' });
    expect(sent()).toEqual(['patch rollouts web']);
    await run(endRun);
    expect(asked).toEqual(['end shop/web-a-1 uid-run']);
    expect(answers.againAt('uid-web', 1_000_000)).toBe(1_001_000);
    later(1_000);
    await run(endRun);
    expect(asked).toHaveLength(2);
  });

  it('is left alone longer and longer, up to half a minute, until it answers', async () => {
    const answers = createPeerAnswers();
    const waits = [1, 2, 3, 4, 5, 6, 7].map(() => answers.failed('uid', 'experiments', 'away', 0));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    answers.answered('uid', 'experiments');
    expect(answers.failed('uid', 'experiments', 'away', 0)).toBe(1_000);
  });
});

describe('what is remembered no longer', () => {
  it.each([
    ['DeleteAnalysisRun', 'analysisruns'],
    ['DeleteExperiment', 'experiments'],
  ] as const)('is deleted by %s', async (kind, plural) => {
    const { run, sent } = setUp();
    const target = { name: 'web-a-1', uid: 'uid-1', resourceVersion: '1' };
    expect(await run({ kind, target, events: [] })).toEqual({ kind: 'done' });
    expect(sent()).toEqual([`remove ${plural} web-a-1`, 'patch rollouts web']);
  });
});
