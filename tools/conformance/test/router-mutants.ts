import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ServingStatus } from '@sluice/contracts';
import type { CallContext } from '@sluice/contracts';
import { PluginError } from '@sluice/plugin-sdk';
import type { RouterIntent } from '@sluice/plugin-sdk';
import type { MemoryRouterConfig } from '../src/reference/memory-router.ts';
import { StoreError } from '../src/reference/route-store.ts';
import type { Route, RouteStore, Routes } from '../src/reference/route-store.ts';
import { weightedRule } from '../src/reference/routing.ts';
import type { Bend, MemoryRouter } from './plugins.ts';
import type { Spoiling } from './proxy.ts';

export interface Mutant {
  /** What is wrong with it: the plugin that … */
  readonly does: string;
  /** The rule that it breaks. */
  readonly breaks: string;
  readonly bend?: Bend;
  readonly spoil?: () => Spoiling;
}

type Intent = RouterIntent<MemoryRouterConfig>;

const never = new AbortController().signal;

/** The same router, with another apply. */
const applying =
  (apply: (right: MemoryRouter, ...given: Parameters<MemoryRouter['apply']>) => ReturnType<MemoryRouter['apply']>) =>
  (right: MemoryRouter): MemoryRouter => ({ ...right, apply: (intent, call) => apply(right, intent, call) });

/** The same store, where what the router writes comes out otherwise. */
const writing =
  (mangle: (route: Route) => Route) =>
  (store: RouteStore): Routes => ({
    get: store.get,
    list: store.list,
    replace: (route, signal) => store.replace(mangle(route), signal),
  });

const withContext = (change: (context: CallContext) => CallContext): Spoiling => ({
  request: (_method, request) =>
    request['context'] === undefined ? request : { ...request, context: change(request['context'] as CallContext) },
});

/** Each route on its own, one after the other. */
async function applyEach(
  right: MemoryRouter,
  [intent, call]: Parameters<MemoryRouter['apply']>,
  onError: (error: unknown) => void,
) {
  for (const name of intent.config.routes) {
    try {
      await right.apply({ ...intent, config: { routes: [name] } }, call);
    } catch (error) {
      onError(error);
    }
  }
}

const promises: readonly Mutant[] = [
  {
    does: 'forgets the keys that it has answered',
    breaks: 'P1',
    spoil: () => withContext((context) => ({ ...context, idempotencyKey: '' })),
  },
  {
    does: 'takes all calls without a key for one',
    breaks: 'P1',
    spoil: () => withContext((context) => ({ ...context, idempotencyKey: context.idempotencyKey || 'none' })),
  },
  {
    does: 'does not look at lease epochs',
    breaks: 'P2',
    spoil: () => withContext((context) => ({ ...context, leaseEpoch: 0 })),
  },
  {
    does: 'has one lease epoch for all rollouts',
    breaks: 'P2',
    spoil() {
      let highest = 0;
      return withContext((context) => {
        if (context.leaseEpoch !== 0 && context.leaseEpoch < highest) throw refusal(status.FAILED_PRECONDITION);
        highest = Math.max(highest, context.leaseEpoch);
        return context;
      });
    },
  },
  {
    does: 'goes on after the deadline',
    breaks: 'P3',
    bend: {
      routes: (store) => ({
        get: (name) => store.get(name, never),
        list: () => store.list(never),
        replace: (route) => store.replace(route, never),
      }),
    },
  },
  {
    does: 'says Internal to everything',
    breaks: 'P4',
    spoil: () => ({
      error: () => ({ code: status.INTERNAL, metadata: trailer('Internal') }),
    }),
  },
  {
    does: 'gives no code with its errors',
    breaks: 'P4',
    spoil: () => ({ error: () => ({ metadata: new Metadata() }) }),
  },
  {
    does: 'takes nonsense for nothing to do',
    breaks: 'P4',
    spoil: () => ({
      request: (method, request) =>
        method === 'release' && request['rollout'] === undefined
          ? { ...request, rollout: { namespace: 'a', name: 'a', uid: 'a' }, configJson: '{"routes":["a"]}' }
          : request,
    }),
  },
  {
    does: 'has no name',
    breaks: 'P5',
    spoil: () => ({ answer: (method, answer) => (method === 'describe' ? { ...answer, name: '' } : answer) }),
  },
  {
    does: 'says no protocol version',
    breaks: 'P5',
    spoil: () => ({ answer: (method, answer) => (method === 'describe' ? { ...answer, protocolVersion: 0 } : answer) }),
  },
  {
    does: 'does not know its own service in health',
    breaks: 'P6',
    spoil: () => ({
      health: {
        check: ({ request }, respond) =>
          request.service === ''
            ? respond(null, { status: ServingStatus.SERVING })
            : respond(refusal(status.NOT_FOUND)),
      },
    }),
  },
  {
    does: 'is always healthy, also while it shuts down',
    breaks: 'P6',
    spoil: () => ({ health: { watch: (stream) => void stream.write({ status: ServingStatus.SERVING }) } }),
  },
];

const writes: readonly Mutant[] = [
  {
    does: 'writes also when nothing differs',
    breaks: 'R1',
    bend: {
      router: (right, store) =>
        applying(async (_right, intent, call) => {
          const observed = await right.apply(intent, call);
          for (const name of intent.config.routes) await store.replace(await store.get(name, never), never);
          return observed;
        })(right),
    },
  },
  {
    does: 'drops annotations that it does not know',
    breaks: 'R2',
    bend: { routes: writing((route) => ({ ...route, annotations: {} })) },
  },
  {
    does: 'drops fields of rules that it does not know',
    breaks: 'R2',
    bend: {
      routes: writing((route) => ({
        ...route,
        rules: route.rules.map(({ timeoutSeconds: _dropped, ...rule }) => rule),
      })),
    },
  },
  {
    does: 'orders the rules by its own taste',
    breaks: 'R2',
    bend: {
      routes: writing((route) => ({
        ...route,
        rules: route.rules.toSorted((a, b) =>
          JSON.stringify(a.match ?? '').localeCompare(JSON.stringify(b.match ?? '')),
        ),
      })),
    },
  },
  {
    does: 'takes backends that it does not know out of its rule',
    breaks: 'R2',
    bend: {
      routes: writing((route) => ({
        ...route,
        rules: route.rules.map((rule) => ({
          ...rule,
          backends: rule.backends.filter(({ service }) => service !== 'legacy'),
        })),
      })),
    },
  },
  {
    does: 'finds rules by their place',
    breaks: 'R2',
    bend: {
      routes: writing((route) => ({
        ...route,
        rules: route.rules.map((rule, index) => (index === 0 ? { ...rule, retries: 5 } : rule)),
      })),
    },
  },
];

const observing: readonly Mutant[] = [
  {
    does: 'says that all is as it was asked for',
    breaks: 'R3',
    bend: {
      router: applying(async (right, intent, call) => {
        await right.apply(intent, call);
        return { inSync: true, canaryWeight: intent.weight };
      }),
    },
  },
  {
    does: 'does not look when it is asked to observe',
    breaks: 'R3',
    bend: {
      router: (right) => ({ ...right, observe: async ({ weight }) => ({ inSync: true, canaryWeight: weight }) }),
    },
  },
  {
    does: 'writes nothing and says that it has',
    breaks: 'R3',
    bend: {
      router: (right) => ({
        ...right,
        apply: async ({ weight }) => ({ inSync: true, canaryWeight: weight }),
      }),
    },
  },
  {
    does: 'repairs what it observes',
    breaks: 'R6',
    bend: { router: (right) => ({ ...right, observe: right.apply }) },
  },
];

const ordering: readonly Mutant[] = [
  {
    does: 'leaves extra destinations where they are when they are not asked for any more',
    breaks: 'R4',
    bend: {
      router(right) {
        const seen = new Map<string, Intent['extraDestinations']>();
        return applying((_right, intent, call) => {
          const { uid } = intent.rollout;
          const asked = intent.extraDestinations;
          const left = (seen.get(uid) ?? []).filter((old) => !asked.some(({ service }) => service === old.service));
          seen.set(uid, [...asked, ...left]);
          const most = intent.maxWeight - intent.weight;
          const extraDestinations = [...asked, ...left].filter(
            (_one, index, all) => all.slice(0, index + 1).reduce((sum, { weight }) => sum + weight, 0) <= most,
          );
          return right.apply({ ...intent, extraDestinations }, call);
        })(right);
      },
    },
  },
  {
    does: 'gives the canary all for a moment',
    breaks: 'R4',
    bend: {
      router: applying(async (right, intent, call) => {
        const { inSync } = await right.observe(intent, call);
        if (!inSync) await right.apply({ ...intent, weight: intent.maxWeight, extraDestinations: [] }, call);
        return right.apply(intent, call);
      }),
    },
  },
  {
    does: 'takes the extra share from nobody',
    breaks: 'R4',
    bend: {
      router: applying(async (right, intent, call) => {
        const { extraDestinations, weight, maxWeight } = intent;
        const extra = extraDestinations.reduce((sum, destination) => sum + destination.weight, 0);
        await right.apply({ ...intent, maxWeight: Math.max(maxWeight + extra, weight) }, call);
        return right.observe(intent, call);
      }),
    },
  },
  {
    does: 'goes on with the next route when one cannot be written',
    breaks: 'R5',
    bend: {
      router: applying(async (right, intent, call) => {
        const errors: unknown[] = [];
        await applyEach(right, [intent, call], (error) => errors.push(error));
        if (errors.length > 0) throw errors[0];
        return right.observe(intent, call);
      }),
    },
  },
  {
    does: 'keeps silent about a route that cannot be written',
    breaks: 'R5',
    bend: {
      router: applying(async (right, intent, call) => {
        let failed = false;
        await applyEach(right, [intent, call], () => (failed = true));
        return failed ? { inSync: false, canaryWeight: 0 } : right.observe(intent, call);
      }),
    },
  },
  {
    does: 'does not say which route cannot be written',
    breaks: 'R5',
    bend: {
      router: applying(async (right, intent, call) => {
        try {
          return await right.apply(intent, call);
        } catch (error) {
          if (error instanceof PluginError && error.code === 'Unavailable')
            throw new PluginError('Unavailable', 'something could not be written');
          throw error;
        }
      }),
    },
  },
];

const releasing: readonly Mutant[] = [
  {
    does: 'wants to release only once',
    breaks: 'R7',
    bend: {
      router(right) {
        const applied = new Set<string>();
        return {
          ...right,
          apply: (intent, call) => right.apply(intent, call).finally(() => applied.add(intent.rollout.uid)),
          async release(release, call) {
            if (!applied.delete(release.rollout.uid)) throw new PluginError('NotFound', 'nothing to release');
            await right.release(release, call);
          },
        };
      },
    },
  },
  {
    does: 'leaves everything when it is released',
    breaks: 'R7',
    bend: { router: (right) => ({ ...right, release: async () => undefined }) },
  },
  {
    does: 'takes a missing configuration for nothing to give back',
    breaks: 'R7',
    bend: {
      router: (right) => ({
        ...right,
        release: async (release, call) => (release.config === undefined ? undefined : right.release(release, call)),
      }),
    },
  },
  {
    does: 'refuses to release without a configuration',
    breaks: 'R7',
    bend: {
      router: (right) => ({
        ...right,
        async release(release, call) {
          if (release.config === undefined) throw new PluginError('Invalid', 'routes must be set');
          await right.release(release, call);
        },
      }),
    },
  },
  {
    does: 'cannot release a route that is gone',
    breaks: 'R7',
    bend: {
      router: (right, store) => ({
        ...right,
        async release(release, call) {
          for (const name of release.config?.routes ?? []) {
            if (store.peek(name) === undefined) throw new PluginError('NotFound', `there is no route ${name}`);
          }
          await right.release(release, call);
        },
      }),
    },
  },
  {
    does: 'leaves header routes when it is released',
    breaks: 'R7',
    bend: {
      router: (right, store) => ({
        ...right,
        async release(release, call) {
          const rules = (release.config?.routes ?? []).map(
            (name) => [name, store.peek(name)?.rules.filter((rule) => rule.name !== undefined) ?? []] as const,
          );
          await right.release(release, call);
          for (const [name, managed] of rules)
            store.edit(name, (route) => ({ ...route, rules: [...managed, ...route.rules] }));
        },
      }),
    },
  },
];

const sharing: readonly Mutant[] = [
  {
    does: 'takes all managed routes for its own',
    breaks: 'R8',
    bend: {
      router: (right, store) =>
        applying(async (_right, intent, call) => {
          const own = `${intent.rollout.uid}/`;
          for (const name of intent.config.routes)
            store.edit(name, (route) => ({
              ...route,
              rules: route.rules.filter((rule) => rule.name === undefined || rule.name.startsWith(own)),
            }));
          return right.apply(intent, call);
        })(right),
    },
  },
  {
    does: 'sets all rules of a route back when it releases one rollout',
    breaks: 'R8',
    bend: {
      router: (right, store) => ({
        ...right,
        async release(release, call) {
          await right.release(release, call);
          for (const name of release.config?.routes ?? [])
            store.edit(name, (route) => ({
              ...route,
              rules: route.rules.map((rule) =>
                rule === weightedRule(route, release) || rule.backends.length < 3
                  ? rule
                  : {
                      ...rule,
                      backends: rule.backends.map((backend) => ({
                        ...backend,
                        weight: backend.service.endsWith('-stable') ? 100 : 0,
                      })),
                    },
              ),
            }));
        },
      }),
    },
  },
  { does: 'gives up at the first conflict', breaks: 'R9', bend: { tries: 1 } },
  { does: 'retries conflicts as if there were no end', breaks: 'R9', bend: { tries: 200 } },
  {
    does: 'takes a conflict for a defect',
    breaks: 'R9',
    bend: {
      router: applying(async (right, intent, call) => {
        try {
          return await right.apply(intent, call);
        } catch (error) {
          throw error instanceof PluginError && error.code === 'Conflict' ? new Error(error.message) : error;
        }
      }),
    },
  },
  {
    does: 'overwrites what others have changed meanwhile',
    breaks: 'R9',
    bend: {
      routes: (store) => ({
        get: store.get,
        list: store.list,
        async replace(route, signal) {
          const hooks = store.before.splice(0);
          for (const hook of hooks) hook();
          const present = store.peek(route.name);
          if (present === undefined) throw new StoreError('NotFound', `there is no route ${route.name}`);
          return store.replace({ ...route, version: present.version }, signal);
        },
      }),
    },
  },
];

export const routerMutants: readonly Mutant[] = [
  ...promises,
  ...writes,
  ...observing,
  ...ordering,
  ...releasing,
  ...sharing,
];

export function refusal(code: status): ServiceError {
  return Object.assign(new Error('refused'), { code, details: 'refused', metadata: trailer('Conflict') });
}

function trailer(code: string): Metadata {
  const metadata = new Metadata();
  metadata.set('sluice-error-code', code);
  return metadata;
}
