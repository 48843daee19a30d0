import type { CanaryStep, StepPluginStatus } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { at, service } from '../testing/build.ts';
import { JudgedWorld } from '../testing/judged-world.ts';
import { endingsOfGone } from './endings.ts';
import type { StepPluginAnswer, StepPluginCall } from './intent.ts';

const steps: CanaryStep[] = [
  { setWeight: 25 },
  { plugin: { name: 'org/smoke', config: { url: 'http://shop/' } } },
  { plugin: { name: 'org/load' } },
  { pause: {} },
];

type Answer = Partial<StepPluginAnswer> | string;

/** The step plugin of step 1 answers this from the beginning. */
function updated(answer: Answer | ((call: StepPluginCall) => Answer), canary: CanaryStep[] = steps): JudgedWorld {
  const world = new JudgedWorld({ canary: { steps: canary } }, 4);
  world.setImage('shop:1').settle();
  world.plugin = typeof answer === 'function' ? answer : () => answer;
  world.setImage('shop:2');
  return world;
}

const entries = (world: JudgedWorld): readonly StepPluginStatus[] => world.status.canary?.stepPluginStatuses ?? [];

/** What is kept of the step of the second revision. */
const begun = { revision: 2, attempt: at(100), config: { url: 'http://shop/' } };

describe('a plugin step', () => {
  it('calls its plugin when the step begins, tells what it said, and asks again when that has waited long enough', () => {
    const world = updated({ phase: 'Running', message: 'half way', status: { job: 7 } });
    expect(world.called).toEqual(['Run 1']);
    expect(world.calls[0]).toMatchObject({ name: 'org/smoke', config: { url: 'http://shop/' }, revision: 2 });
    expect(entries(world)).toEqual([
      {
        index: 1,
        name: 'org/smoke',
        operation: 'Run',
        phase: 'Running',
        message: 'half way',
        startedAt: at(100),
        updatedAt: at(100),
        backoff: '30s',
        executions: 1,
        status: { ...begun, state: { job: 7 } },
      },
    ]);
    expect(world.events).toContain('Step plugin org/smoke (step 2) transitioned to Running');
    expect(world.status).toMatchObject({ currentStepIndex: 1, phase: 'Progressing' });
    expect(world.decide()).toMatchObject({
      explanation: { code: 'WaitingForPlugin', until: Date.parse(at(130)) },
      wakeAt: Date.parse(at(130)),
    });
    expect(world.later(29).called).toEqual(['Run 1']);
    expect(world.later(1).called).toEqual(['Run 1', 'Poll 1']);
    expect(world.calls[1]!.status).toEqual({ job: 7 });
    expect(world.calls[1]!.key).not.toBe(world.calls[0]!.key);
    expect(entries(world)[0]).toMatchObject({ executions: 2, startedAt: at(100), updatedAt: at(130) });
  });

  it('waits as long as the plugin wishes', () => {
    const world = updated({ phase: 'Running', pollAfterMs: 90_000 });
    expect(entries(world)[0]?.backoff).toBe('1m30s');
    expect(world.later(89).called).toHaveLength(1);
    expect(world.later(1).called).toHaveLength(2);
  });

  it('is done when the plugin has succeeded, and the next one begins', () => {
    const world = updated({ phase: 'Successful', message: 'all well' });
    expect(world.called).toEqual(['Run 1', 'Run 2']);
    expect(world.status).toMatchObject({ currentStepIndex: 3, phase: 'Paused' });
    expect(entries(world)[0]).toMatchObject({ phase: 'Successful', finishedAt: at(100), executions: 1 });
    expect(entries(world)[0]).not.toHaveProperty('backoff');
    expect(world.events.filter((message) => message.startsWith('Step plugin'))).toEqual([]);
    expect(world.events).toContain('Rollout step 2/4 completed (plugin: org/smoke)');
  });

  it('takes the update back when the plugin has failed, without undoing what was never done', () => {
    const world = updated({ phase: 'Failed', message: 'HTTP 500' });
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.message).toContain('Step Plugin 2 (org/smoke) failed: HTTP 500');
    expect(world.called).toEqual(['Run 1']);
    expect(world.events).toContain('Step plugin org/smoke (step 2) transitioned to Failed');
  });

  it('is run again after an error, with the state that it had before', () => {
    const world = updated(({ method }) =>
      method === 'Poll'
        ? { phase: 'Error', message: 'no quota', status: 'lost' }
        : { phase: 'Running', status: 'kept' },
    );
    world.later(30);
    expect(entries(world)[0]).toMatchObject({
      phase: 'Error',
      message: 'no quota',
      backoff: '30s',
      status: { state: 'kept' },
    });
    expect(world.later(30).called).toEqual(['Run 1', 'Poll 1', 'Run 1']);
    expect(world.calls[2]!.status).toBe('kept');
    expect(world.status.abort).toBeFalsy();
  });

  it('stays as it was when the plugin does not say how it is', () => {
    expect(entries(updated({ message: 'hm' }))[0]?.phase).toBe('Running');
  });

  it('holds the rollout while the plugin is away, and says so', () => {
    const world = updated('connection refused');
    expect(world.status).toMatchObject({
      currentStepIndex: 1,
      phase: 'Progressing',
      message: 'waiting for step plugin "org/smoke": connection refused',
    });
    // Whether the plugin has heard of it is not known: it is ended, whatever comes.
    expect(entries(world)).toEqual([
      { index: 1, name: 'org/smoke', operation: 'Run', startedAt: at(100), status: begun },
    ]);
    expect(world.events.filter((each) => each === 'step plugin "org/smoke": connection refused')).toHaveLength(1);
    expect(world.decide()).toMatchObject({ explanation: { code: 'WaitingForPlugin' }, actions: [] });
    world.plugin = () => ({ phase: 'Successful' });
    world.later(1);
    expect(world.calls[1]!.key).toBe(world.calls[0]!.key);
    expect(world.status.currentStepIndex).toBe(3);
  });

  it('is not called while somebody pauses', () => {
    const world = updated({ phase: 'Running' });
    world.spec = { ...world.spec, paused: true };
    expect(world.later(60).called).toEqual(['Run 1']);
    world.spec = { ...world.spec, paused: false };
    expect(world.settle().called).toEqual(['Run 1', 'Poll 1']);
  });

  it('that is switched off is done without a call, and has nothing to undo', () => {
    const world = updated(({ method }) => ({ phase: method === 'Run' ? 'Running' : 'Successful' }));
    world.disabled = ['org/smoke', 'org/load'];
    world.setImage('shop:3');
    // What it began before is ended all the same.
    expect(world.called).toEqual(['Run 1', 'Terminate 1']);
    expect(world.status).toMatchObject({ currentStepIndex: 3, phase: 'Paused' });
    expect(entries(world).filter(({ operation }) => operation === 'Run')).toEqual([
      { index: 1, name: 'org/smoke', operation: 'Run', disabled: true },
      { index: 2, name: 'org/load', operation: 'Run', disabled: true },
    ]);
    expect(world.abort().called).toHaveLength(2);
  });
});

describe('plugins of an update that is taken back', () => {
  it('undo what they did, the last one first and each once', () => {
    const world = updated(({ index, method }) =>
      index === 1 || method === 'Abort' ? { phase: 'Successful' } : { phase: 'Running' },
    );
    world.abort();
    expect(world.called).toEqual(['Run 1', 'Run 2', 'Abort 2', 'Abort 1']);
    expect(world.events).toContain('Step plugin org/load (step 3) aborted (Successful)');
    expect(world.later(600).called).toHaveLength(4);
  });

  it('that do not end at once have failed to', () => {
    const world = updated({ phase: 'Running' });
    world.abort();
    expect(entries(world)[1]).toMatchObject({ operation: 'Abort', phase: 'Failed', finishedAt: at(100) });
  });

  it('are asked until they answer', () => {
    const world = updated(({ method }) => (method === 'Abort' ? 'connection refused' : { phase: 'Running' }));
    world.abort();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    world.plugin = () => ({ phase: 'Successful' });
    expect(world.later(1).called).toEqual(['Run 1', 'Abort 1', 'Abort 1']);
    expect(world.calls[2]!.key).toBe(world.calls[1]!.key);
  });

  it('begin anew when the update is tried again, also in the same second', () => {
    const world = updated({ phase: 'Failed' });
    world.plugin = () => ({ phase: 'Running' });
    world.patchStatus({ abort: false }).settle();
    expect(world.called).toEqual(['Run 1', 'Run 1']);
    expect(world.calls[1]!.key).not.toBe(world.calls[0]!.key);
    expect(entries(world)).toHaveLength(1);
  });
});

describe('a plugin that nobody waits for any more', () => {
  const running = (): JudgedWorld =>
    updated(({ method }) => (method === 'Terminate' ? { phase: 'Successful' } : { phase: 'Running' }));

  it('is ended when its step is skipped', () => {
    const world = running();
    world.patchStatus({ currentStepIndex: 3 }).settle();
    expect(world.called).toEqual(['Run 1', 'Terminate 1']);
    expect(world.events).toContain('Step plugin org/smoke (step 2) terminated (Successful)');
    expect(world.later(600).called).toHaveLength(2);
  });

  it('is ended when the update is promoted as a whole', () => {
    const world = running();
    world.patchStatus({ promoteFull: true }).settle();
    expect(world.called).toEqual(['Run 1', 'Terminate 1']);
    expect(world.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 4 });
  });

  it('has said nothing about the next update', () => {
    const world = running();
    world.plugin = () => ({ phase: 'Successful' });
    world.setImage('shop:3');
    expect(entries(world).map(({ index, phase }) => [index, phase])).toEqual([
      [1, 'Successful'],
      [2, 'Successful'],
    ]);
    expect(world.calls.at(-1)?.revision).toBe(3);
  });
});

describe('an update that begins while a plugin still works for the one before', () => {
  const replaced = (ending: Answer): JudgedWorld => {
    const world = updated(({ method }) => (method === 'Terminate' ? ending : { phase: 'Running', status: { job: 7 } }));
    return world.setImage('shop:3');
  };

  it('has that ended, with all that the plugin needs to find it, before the plugin begins again', () => {
    const world = replaced({ phase: 'Successful' });
    expect(world.called).toEqual(['Run 1', 'Terminate 1', 'Run 1']);
    expect(world.calls[1]).toMatchObject({ revision: 2, config: { url: 'http://shop/' }, status: { job: 7 } });
    expect(world.calls[2]).toMatchObject({ revision: 3 });
    expect(world.calls[2]!.status).toBeUndefined();
    expect(world.events).toContain('Step plugin org/smoke (step 2) terminated (Successful)');
    expect(entries(world)).toMatchObject([{ operation: 'Run', phase: 'Running', executions: 1 }]);
  });

  it('goes on but for the step that needs the plugin, and says what it waits for', () => {
    const world = replaced('connection refused');
    expect(world.status).toMatchObject({ currentStepIndex: 1, phase: 'Progressing' });
    expect(world.status.message).toBe(
      'waiting for step plugin "org/smoke": it has not ended what step 2 of revision 2 began: connection refused',
    );
    expect(world.decide()).toMatchObject({
      explanation: { code: 'WaitingForPlugin', until: Date.parse(at(160)) },
      wakeAt: Date.parse(at(160)),
    });
    expect(entries(world)).toMatchObject([{ index: 1, operation: 'Terminate', startedAt: at(100) }]);
  });

  it('gives up after a minute, and says so', () => {
    const world = replaced('connection refused').later(59);
    expect(world.events.join()).not.toContain('has not ended it since');
    world.later(1);
    expect(entries(world)).toEqual([]);
    expect(world.events).toContain(
      `Step plugin org/smoke (step 2) terminated (Failed): the plugin has not ended it since ${at(100)}: connection refused`,
    );
    world.later(1);
    expect(world.called.at(-1)).toBe('Run 1');
    expect(world.calls.at(-1)?.revision).toBe(3);
  });

  it('gives nobody up who was not asked: the controller may have been away as long', () => {
    const world = replaced('connection refused');
    world.plugin = () => ({ phase: 'Successful' });
    expect(world.later(600).events).toContain('Step plugin org/smoke (step 2) terminated (Successful)');
  });

  it('does not wait for a plugin that it does not need', () => {
    const world = updated(({ name }) => (name === 'org/smoke' ? 'connection refused' : { phase: 'Running' }));
    world.whole = {
      canary: { steps: [{ setWeight: 25 }, { pause: { duration: 1 } }, { plugin: { name: 'org/load' } }] },
    };
    world.settle().later(2);
    expect(world.called.at(-1)).toBe('Run 2');
    expect(entries(world)).toMatchObject([
      { index: 1, name: 'org/smoke', operation: 'Terminate' },
      { index: 2, name: 'org/load', operation: 'Run', phase: 'Running' },
    ]);
    expect(world.decide().explanation.detail).toContain('"org/load"');
  });

  it('has nothing undone that was done: what has succeeded stays as it is', () => {
    const world = updated(({ index }) => (index === 1 ? { phase: 'Successful' } : { phase: 'Running' }));
    world.plugin = () => ({ phase: 'Successful' });
    world.setImage('shop:3');
    expect(world.called).toEqual(['Run 1', 'Run 2', 'Terminate 2', 'Run 1', 'Run 2']);
  });
});

describe('what a plugin has begun is ended', () => {
  const running = (): JudgedWorld =>
    updated(({ method }) => ({ phase: method === 'Run' || method === 'Poll' ? 'Running' : 'Successful' }));

  it('when the update is undone', () => {
    const world = running().setImage('shop:1');
    expect(world.called).toEqual(['Run 1', 'Terminate 1']);
    expect(world.status).toMatchObject({ phase: 'Healthy' });
    expect(entries(world)).toEqual([]);
  });

  it('when its step is taken out of the spec, with the configuration that it had', () => {
    const world = running();
    world.whole = { canary: { steps: [{ setWeight: 25 }, { pause: {} }] } };
    expect(world.settle().called).toEqual(['Run 1', 'Terminate 1']);
    expect(world.calls[1]!.config).toEqual({ url: 'http://shop/' });
    expect(entries(world)).toEqual([]);
  });

  it('when the strategy has no steps any more', () => {
    const world = running();
    world.services.set('shop', service('shop', undefined, false));
    world.whole = { blueGreen: { activeService: 'shop' } };
    expect(world.settle().called).toEqual(['Run 1', 'Terminate 1']);
    expect(entries(world)).toEqual([]);
  });

  it('once, though it was aborted, tried again and replaced while the plugin was away', () => {
    const world = running();
    world.plugin = () => 'connection refused';
    world.abort();
    world.now += 5;
    world.patchStatus({ abort: false }).settle();
    expect(entries(world)).toMatchObject([{ index: 1, operation: 'Abort', status: { revision: 2 } }]);
    world.setImage('shop:3');
    world.plugin = () => ({ phase: 'Successful' });
    world.later(1);
    expect(world.called.filter((each) => each.startsWith('Abort'))).toHaveLength(2);
    expect(new Set(world.calls.filter(({ method }) => method === 'Abort').map(({ key }) => key)).size).toBe(1);
    expect(world.events.filter((each) => each.includes('aborted ('))).toHaveLength(1);
    expect(world.status.currentStepIndex).toBe(3);
  });

  it('also where nobody knows whether the plugin has heard that it should begin', () => {
    const world = updated('connection refused');
    world.plugin = () => ({ phase: 'Successful' });
    world.abort().later(1);
    expect(world.called).toEqual(['Run 1', 'Abort 1']);
  });
});

describe('a plugin that is not installed', () => {
  const withUnknown = (): JudgedWorld => updated('away', [{ setWeight: 50 }, { plugin: { name: 'org/unknown' } }]);

  it('holds its step and says so', () => {
    const world = withUnknown();
    expect(world.called).toEqual([]);
    expect(world.status).toMatchObject({
      currentStepIndex: 1,
      message: 'waiting for step plugin "org/unknown": no step plugin of this name is installed',
    });
    expect(world.events.filter((each) => each.includes('is installed'))).toHaveLength(1);
    expect(world.decide()).toMatchObject({ explanation: { code: 'WaitingForPlugin' }, actions: [] });
  });

  it('keeps nobody from aborting, promoting, scaling or changing the template', () => {
    expect(withUnknown().abort().status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(withUnknown().patchStatus({ promoteFull: true }).settle().status).toMatchObject({ phase: 'Healthy' });
    expect(withUnknown().setImage('shop:3').status).toMatchObject({ currentStepIndex: 1, updatedReplicas: 2 });
    const world = withUnknown();
    world.spec = { ...world.spec, replicas: 6 };
    expect(world.settle().status).toMatchObject({ updatedReplicas: 3, availableReplicas: 6 });
  });
});

describe('a configuration that its plugin refuses', () => {
  it('makes the Rollout invalid, and names the setting', () => {
    const world = updated({ phase: 'Running' });
    const problem = { index: 1, path: 'url', value: 'http://shop/', message: 'must be https' };
    world.rest = { stepPlugins: { answers: {}, away: {}, problems: [problem] } };
    expect(world.settle().status).toMatchObject({
      phase: 'Degraded',
      message:
        'InvalidSpec: The Rollout "shop" is invalid: spec.strategy.canary.steps[1].plugin.config.url: Invalid value: "http://shop/": must be https',
    });
  });
});

describe('a Rollout that is deleted while a plugin works for it', () => {
  const gone = (world: JudgedWorld) =>
    endingsOfGone({
      metadata: { name: 'shop', uid: 'uid-shop', annotations: { 'rollout.argoproj.io/revision': '2' } },
      spec: { strategy: world.whole },
      status: world.status,
    });

  it('leaves what is to be ended in its last status', () => {
    const world = updated({ phase: 'Running', status: { job: 7 } });
    const [call, ...more] = gone(world);
    expect(more).toEqual([]);
    expect(call).toMatchObject({ method: 'Terminate', index: 1, config: { url: 'http://shop/' }, status: { job: 7 } });
    world.patchStatus({ currentStepIndex: 3 }).settle();
    expect(world.called.at(-1)).toBe('Terminate 1');
    expect(gone(world)).toEqual([]);
  });

  it('leaves what was to be undone', () => {
    const world = updated({ phase: 'Running' });
    world.plugin = () => 'connection refused';
    world.abort();
    expect(gone(world)).toMatchObject([{ method: 'Abort', revision: 2, key: expect.stringContaining('/1/Abort/1') }]);
  });
});
