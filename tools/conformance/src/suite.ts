import { randomUUID } from 'node:crypto';
import { StepPluginService } from '@sluice/contracts';
import type { MetricWorld } from './metric-world.ts';
import type { Check, MetricContext, Need, PluginContext, Rule, RouterContext, StepContext } from './rule.ts';
import { metricRules } from './rules/metric-rules.ts';
import { everyPluginRules, pluginRules } from './rules/plugin-rules.ts';
import { routerRules } from './rules/router-rules.ts';
import { sharedRouteRules } from './rules/shared-route-rules.ts';
import { stepContextFor } from './rules/driver.ts';
import { stepRules } from './rules/step-rules.ts';
import { contextOf, subjectAt } from './subject.ts';
import type { Subject, SubjectType, Target } from './subject.ts';
import type { RouterWorld, StepWorld, TestRollout } from './world.ts';

/** What is checked, and with what. */
export interface SuiteOptions {
  readonly target: Target;
  /** One rollout whose objects exist already, for checks that need no more; ignored where there is a world. */
  readonly fixture?: TestRollout | undefined;
  readonly routerWorld?: RouterWorld | undefined;
  readonly metricWorld?: MetricWorld | undefined;
  readonly stepWorld?: StepWorld | undefined;
}

export type CheckOutcome =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly why: string; readonly error: unknown }
  | { readonly outcome: 'left out'; readonly why: string };

export interface ListedCheck {
  readonly rule: Rule<never>;
  readonly title: string;
  readonly needs: readonly Need[];
}

export interface Suite {
  readonly checks: readonly ListedCheck[];
  run(check: ListedCheck): Promise<CheckOutcome>;
  close(): void;
}

type AnyContext = RouterContext & MetricContext & StepContext;

const rulesOf: Readonly<Record<SubjectType, readonly Rule<AnyContext>[]>> = {
  router: [...pluginRules, ...routerRules, ...sharedRouteRules] as unknown as readonly Rule<AnyContext>[],
  metric: [...everyPluginRules, ...metricRules] as unknown as readonly Rule<AnyContext>[],
  step: [...pluginRules, ...stepRules] as unknown as readonly Rule<AnyContext>[],
};

/** Those that stop the plugin come last, otherwise in the order of the rules. */
export function listChecks(type: SubjectType): readonly ListedCheck[] {
  const stopsIt = ({ needs }: ListedCheck): number => (needs.includes('stop') ? 1 : 0);
  return rulesOf[type]
    .flatMap((rule) => rule.checks.map(({ title, needs }) => ({ rule: rule as Rule<never>, title, needs })))
    .toSorted((a, b) => stopsIt(a) - stopsIt(b));
}

export function createSuite(options: SuiteOptions): Suite {
  const { target, routerWorld } = options;
  const subject = subjectAt(target);
  const world = worldOf(options);

  async function missing(need: Need): Promise<string | undefined> {
    if (target.type === 'metric') {
      const told = missingOfMetric(need, options.metricWorld);
      if (told !== 'elsewhere') return told;
    }
    switch (need) {
      case 'rollout':
        return (world ?? options.fixture) ? undefined : 'needs a fixture or a world';
      case 'world':
        return world === undefined ? 'needs a world' : undefined;
      case 'faults':
      case 'history':
        return routerWorld?.[need] === undefined ? `needs a world with ${need}` : undefined;
      case 'sharing':
        return (await canShare()) ? undefined : 'rollouts of this world cannot share a route';
      case 'stop':
      case 'restart':
        return target[need] === undefined ? `the plugin is not ours to ${need}` : undefined;
      default:
        return (await subject.describe()).capabilities.includes(need)
          ? undefined
          : `the plugin does not say that it can do ${need}`;
    }
  }

  async function canShare(): Promise<boolean> {
    const sharing = await routerWorld?.createRollout();
    return sharing !== undefined && (await routerWorld?.createRollout({ sharing })) !== undefined;
  }

  async function run(listedCheck: ListedCheck): Promise<CheckOutcome> {
    const found: Check<AnyContext> | undefined = rulesOf[target.type]
      .find(({ id }) => id === listedCheck.rule.id)
      ?.checks.find(({ title }) => title === listedCheck.title);
    if (found === undefined) throw new RangeError(`${listedCheck.title} is not a check of a ${target.type}`);
    const used: TestRollout[] = [];
    try {
      for (const need of found.needs) {
        const why = await missing(need);
        if (why !== undefined) return { outcome: 'left out', why };
      }
      const newRollout = async (): Promise<TestRollout> => {
        const rollout = await rolloutFor(options);
        used.push(rollout);
        return rollout;
      };
      await found.run({ subject, newRollout, world } as PluginContext as AnyContext);
      return { outcome: 'passed' };
    } catch (error) {
      return { outcome: 'failed', why: error instanceof Error ? error.message : String(error), error };
    } finally {
      await routerWorld?.faults?.clear();
      if (!found.needs.includes('stop')) for (const rollout of used) await tidyUp(subject, rollout);
    }
  }

  return { checks: listChecks(target.type), run, close: () => subject.close() };
}

function worldOf({ target, routerWorld, metricWorld, stepWorld }: SuiteOptions) {
  switch (target.type) {
    case 'router':
      return routerWorld;
    case 'metric':
      return metricWorld ?? { samples: {} };
    case 'step':
      return stepWorld;
  }
}

const samples: Partial<Record<Need, keyof MetricWorld['samples']>> = {
  value: 'value',
  'no-data': 'noData',
  failing: 'failing',
  hanging: 'hanging',
  secret: 'secret',
  ending: 'ending',
  endless: 'endless',
};

const abilities: Partial<Record<Need, keyof MetricWorld>> = {
  asked: 'asked',
  running: 'running',
  'left-behind': 'leftBehind',
  logged: 'logged',
};

function missingOfMetric(need: Need, world: MetricWorld | undefined): string | undefined {
  const sample = samples[need];
  if (sample !== undefined)
    return world?.samples[sample] === undefined ? `needs the configuration \`${sample}\` in the fixture` : undefined;
  const ability = abilities[need];
  if (ability === undefined) return 'elsewhere';
  return world?.[ability] === undefined ? `needs a world with ${ability}()` : undefined;
}

async function rolloutFor({ target, fixture, routerWorld, stepWorld }: SuiteOptions): Promise<TestRollout> {
  const made = target.type === 'router' ? await routerWorld?.createRollout() : undefined;
  if (made !== undefined) return made;
  if (fixture !== undefined && target.type === 'router') return fixture;
  const configJson = stepWorld?.configJson ?? fixture?.configJson;
  if (configJson === undefined) throw new TypeError('the world has made no rollout');
  // A step has no objects that must exist: each check gets a rollout of its own.
  const name = `conformance-${randomUUID()}`;
  const nowhere = { service: '', podTemplateHash: '' };
  return { rollout: { namespace: 'conformance', name, uid: name }, configJson, stable: nowhere, canary: nowhere };
}

/** So that a fixture is found by the next check as it was; what fails here has been told by the check itself. */
async function tidyUp(subject: Subject, rollout: TestRollout): Promise<void> {
  const undone =
    subject.type === 'router'
      ? subject.release(rollout)
      : subject.ask(StepPluginService.abort, { context: contextOf(), step: stepContextFor(rollout, 1) });
  await undone.catch(() => undefined);
}
