import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { HealthService, ServingStatus, pluginErrorCodes } from '@sluice/contracts';
import { must, mustEqual } from '../rule.ts';
import type { PluginContext, RouterContext, Rule } from '../rule.ts';
import { failureOf, intentFor, serviceNames } from '../subject.ts';
import { driverOf, nonsenseFor } from './driver.ts';
import { until } from './until.ts';

const keys: Rule<PluginContext> = {
  id: 'P1',
  title: 'a call with a key that was answered before has no second effect',
  checks: [
    {
      title: 'a call that comes again late does not undo what came after it',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { write, shows } = driverOf(subject);
        const idempotencyKey = randomUUID();
        const first = await write(subject, target, 20, { idempotencyKey });
        await write(subject, target, 30);
        const again = await write(subject, target, 20, { idempotencyKey });
        mustEqual(again, first, 'the answer to the same key');
        must((await shows(subject, target, 30)) ?? true, 'the call that came again has undone the one after it');
      },
    },
    {
      title: 'an empty key stands for nothing',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { write, shows } = driverOf(subject);
        for (const n of [20, 30, 20]) await write(subject, target, n, { idempotencyKey: '' });
        must((await shows(subject, target, 20)) ?? true, 'the third call with an empty key was not carried out');
      },
    },
  ],
};

let lastEpoch = 0;

/** Higher than any that a plugin can have seen, with room for one more: also where it runs for long and the suite is run again. */
function nextEpoch(): number {
  lastEpoch = Math.max(lastEpoch + 2, Date.now());
  return lastEpoch;
}

const epochs: Rule<PluginContext> = {
  id: 'P2',
  title: 'a call with an older lease epoch than was seen for its rollout is refused',
  checks: [
    {
      title: 'it is refused with FAILED_PRECONDITION and code Conflict, and has no effect',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { write, undo, shows } = driverOf(subject);
        const old = nextEpoch();
        await write(subject, target, 20, { leaseEpoch: old + 1 });
        for (const [what, call] of [
          ['a write', () => write(subject, target, 30, { leaseEpoch: old })],
          ['taking it back', () => undo(subject, target, { leaseEpoch: old })],
        ] as const) {
          const failure = await failureOf(call(), `${what} with an epoch lower than one that was seen`);
          mustEqual(failure.status, status.FAILED_PRECONDITION, `the gRPC status of ${what} with an old epoch`);
          mustEqual(failure.code, 'Conflict', `the code of ${what} with an old epoch`);
        }
        must((await shows(subject, target, 20)) ?? true, 'the refused call had an effect');
      },
    },
    {
      title: 'the same epoch, a higher one, and 0 are accepted',
      needs: ['rollout'],
      async run({ subject, newRollout }) {
        const target = await newRollout();
        const { write, shows } = driverOf(subject);
        const epoch = nextEpoch();
        for (const [n, leaseEpoch] of [
          [20, epoch],
          [30, epoch],
          [40, epoch + 1],
          [50, 0],
        ] as const)
          await write(subject, target, n, { leaseEpoch });
        must((await shows(subject, target, 50)) ?? true, 'a call with epoch 0 was not carried out');
      },
    },
    {
      title: 'each rollout has its own: another one is not concerned',
      needs: ['world'],
      async run({ subject, newRollout }) {
        const { write } = driverOf(subject);
        const epoch = nextEpoch();
        await write(subject, await newRollout(), 20, { leaseEpoch: epoch + 1 });
        await write(subject, await newRollout(), 30, { leaseEpoch: epoch });
      },
    },
  ],
};

const deadlines: Rule<RouterContext> = {
  id: 'P3',
  title: 'work that cannot be finished within the deadline is given up',
  checks: [
    {
      title: 'a call whose time ran out while the API did not answer writes nothing afterwards',
      needs: ['world', 'faults'],
      async run({ subject, newRollout, world }) {
        const target = await newRollout();
        await subject.apply(intentFor(target, 10));
        await world.faults?.hold();
        await failureOf(subject.apply(intentFor(target, 20), {}, 300), 'Apply while the API does not answer');
        // The caller's clock runs out before the plugin's does: the plugin is given time to notice.
        await wait(1_000);
        const before = await world.writes();
        await world.faults?.clear();
        // The next call of this rollout waits for the end of the one before, however late that is.
        const { canaryWeight } = await subject.observe(intentFor(target, 10));
        await subject.apply(intentFor(target, 10));
        mustEqual((await world.writes()) - before, 0, 'the number of writes after the deadline');
        mustEqual(canaryWeight, 10, 'the weight of the canary');
      },
    },
  ],
};

const errors: Rule<PluginContext> = {
  id: 'P4',
  title: 'a failed call carries a code; a request that makes no sense is Invalid, and the plugin goes on',
  checks: [
    {
      title: 'each request that makes no sense is refused as Invalid',
      needs: [],
      async run({ subject }) {
        for (const [what, call] of nonsenseFor(subject, nobody)) {
          const failure = await failureOf(call(), what);
          must(
            pluginErrorCodes.some((code) => code === failure.code),
            `${what}: the trailer sluice-error-code is ${failure.code ?? 'missing'}`,
          );
          mustEqual([failure.code, failure.status], ['Invalid', status.INVALID_ARGUMENT], `the code of: ${what}`);
        }
        await subject.describe();
      },
    },
  ],
};

/** For requests that have to be refused before anybody looks for its objects. */
const nobody = {
  rollout: { namespace: 'conformance', name: 'nobody', uid: 'nobody' },
  configJson: '{}',
  stable: { service: 'stable', podTemplateHash: '' },
  canary: { service: 'canary', podTemplateHash: '' },
};

const introduction: Rule<PluginContext> = {
  id: 'P5',
  title: 'Describe answers with a name, a version and the protocol version',
  checks: [
    {
      title: 'all three are there, also while the API does not answer',
      needs: [],
      async run({ subject }) {
        const { name, version, protocolVersion, aliases } = await subject.describe();
        must(name !== '', 'the name is empty');
        must(version !== '', 'the version is empty');
        mustEqual(protocolVersion, 1, 'the protocol version');
        must(!aliases.includes(''), 'an alias is empty');
      },
    },
  ],
};

const health: Rule<PluginContext> = {
  id: 'P6',
  title: 'health says whether calls can be answered',
  checks: [
    {
      title: 'Check says SERVING for the plugin and for its service, NOT_FOUND for others',
      needs: [],
      async run({ subject }) {
        for (const service of ['', serviceNames[subject.type]]) {
          const { status: said } = await subject.ask(HealthService.check, { service });
          mustEqual(said, ServingStatus.SERVING, `health of "${service}"`);
        }
        const unknown = subject.ask(HealthService.check, { service: 'no.such.Service' });
        mustEqual((await failureOf(unknown, 'health of no.such.Service')).status, status.NOT_FOUND, 'its status');
      },
    },
    {
      title: 'Watch says SERVING at once',
      needs: [],
      async run({ subject }) {
        const { told, stop } = subject.watchHealth('');
        await until(() => told.length > 0, 'Watch says nothing');
        stop();
        mustEqual(told[0], ServingStatus.SERVING, 'the first answer of Watch');
      },
    },
    {
      title: 'Watch says NOT_SERVING when a shutdown begins',
      needs: ['stop'],
      async run({ subject }) {
        const { told } = subject.watchHealth('');
        await until(() => told.length > 0, 'Watch says nothing');
        await subject.stop?.();
        await until(() => told.includes(ServingStatus.NOT_SERVING), 'Watch never said NOT_SERVING');
      },
    },
  ],
};

/** Rules of every plugin. The last check of P6 stops it, so these come last. */
export const everyPluginRules: readonly Rule<PluginContext>[] = [errors, introduction, health];

/** The same, with those of plugins whose calls carry a key and an epoch. */
export const pluginRules: readonly Rule<RouterContext>[] = [keys, epochs, deadlines, ...everyPluginRules];
