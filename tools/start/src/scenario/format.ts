import fs from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { Failure } from '../../first-stage/failure.mjs';
import { root } from '../../first-stage/workspace.mjs';

/** What to wait for; all that is named has to hold at once. */
export interface Condition {
  /** status.phase, once the controller has seen the newest spec. */
  readonly phase?: string;
  /** status.currentStepIndex. */
  readonly step?: number;
  /** The Rollout's revision. */
  readonly revision?: number;
  /** status.message. */
  readonly message?: string;
  /** The Deployment of this name has as many replicas as `replicas` says. */
  readonly deployment?: string;
  readonly replicas?: number;
  /** The Service of this name selects the pods of this revision. */
  readonly service?: string;
  readonly selects?: number;
}

/** One thing that the scenario does. Each action but `apply`, `say`, `look`, `metrics` and `wait` is a command of the `sluice` command line. */
export type Step =
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'apply'; readonly files: readonly string[] }
  | { readonly do: 'command'; readonly args: readonly string[] }
  | { readonly do: 'look'; readonly seconds: number }
  /** What the paths of http://metrics.example answer from now on. */
  | { readonly do: 'metrics'; readonly answers: Readonly<Record<string, unknown>> }
  | { readonly do: 'wait'; readonly for: Condition };

const needs = ['prometheus'] as const;
export type Need = (typeof needs)[number];

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** The Rollout that is shown and that commands are about. */
  readonly rollout: string;
  /** What has to run beside Sluice: a Prometheus that scrapes what clients get, where the providers ask when a metric names no address. */
  readonly needs: readonly Need[];
  readonly steps: readonly Step[];
  /** Commands to try when it has ended, without `sluice` in front. */
  readonly tryNext: readonly string[];
  /** The folder that file names are relative to. */
  readonly folder: string;
}

export const examples = path.join(root, 'examples');

/** The names that `npm start -- --scenario NAME` takes. */
export function scenarioNames(folder = examples): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => fs.existsSync(path.join(folder, name, 'scenario.yaml')))
    .sort();
}

/** Reads examples/NAME/scenario.yaml. Throws a Failure that says what is wrong with it, or which names there are. */
export function readScenario(name: string, folder = examples): Scenario {
  const file = path.join(folder, name, 'scenario.yaml');
  if (!fs.existsSync(file))
    throw new Failure(`there is no scenario "${name}": choose one of ${scenarioNames(folder).join(', ')}`);
  const document = parseDocument(fs.readFileSync(file, 'utf8'));
  const [problem] = document.errors;
  if (problem) throw new Failure(`${file}: ${problem.message.split('\n')[0]}`);
  return parseScenario(name, document.toJS(), path.dirname(file), file);
}

function parseScenario(name: string, value: unknown, folder: string, file: string): Scenario {
  const fail = (what: string): never => {
    throw new Failure(`${file}: ${what}`);
  };
  const source = isRecord(value) ? value : fail('it is not a map');
  const { title, rollout, needs: needed = [], steps, tryNext = [], ...rest } = source;
  const [unknown] = Object.keys(rest);
  if (unknown) fail(`"${unknown}" is not a field (title, rollout, needs, steps, tryNext are)`);
  if (typeof title !== 'string' || typeof rollout !== 'string') return fail('title and rollout have to be text');
  if (!Array.isArray(steps) || steps.length === 0) return fail('steps has to be a list with at least one step');
  if (!isNeeds(needed)) return fail(`needs has to be a list of ${needs.join(', ')}`);
  if (!isTextList(tryNext)) return fail('tryNext has to be a list of commands');
  const parsed = steps.map((step: unknown, i) => {
    try {
      return parseStep(step, rollout);
    } catch (error) {
      return fail(`step ${i + 1}: ${(error as Error).message}`);
    }
  });
  return { name, title, rollout, needs: needed, steps: parsed, tryNext, folder };
}

function parseStep(value: unknown, rollout: string): Step {
  const [entry, second] = Object.entries(typeof value === 'string' ? { [value]: null } : isRecord(value) ? value : {});
  if (!entry || second) throw new Error('a step is one action, such as "- wait: Healthy"');
  const [action, detail] = entry;
  const text = detail === null || detail === undefined ? '' : isRecord(detail) ? undefined : String(detail);
  switch (action) {
    case 'say':
      return { do: 'say', text: text ?? '' };
    case 'apply':
      return { do: 'apply', files: isTextList(detail) ? detail : [requiredText(action, text)] };
    case 'wait':
      return { do: 'wait', for: parseCondition(detail) };
    case 'look': {
      if (typeof detail !== 'number' || !(detail > 0 && detail <= 60))
        throw new Error('"look" needs a number of seconds, at most 60');
      return { do: 'look', seconds: detail };
    }
    case 'metrics':
      if (!isRecord(detail) || !Object.keys(detail).every((path) => path.startsWith('/')))
        throw new Error('"metrics" needs a map of paths, such as /error-rate, and what they answer');
      return { do: 'metrics', answers: detail };
    case 'setImage':
      return command('set', 'image', rollout, requiredText(action, text));
    case 'promote':
      return command('promote', rollout, ...(text ? [`--${text}`] : []));
    case 'undo':
      return command('undo', rollout, ...(text ? [`--to-revision=${text}`] : []));
    case 'abort':
    case 'pause':
    case 'restart':
      return command(action, rollout);
    case 'retry':
      return command('retry', 'rollout', rollout);
    default:
      throw new Error(
        `"${action}" is not an action (say, apply, wait, look, metrics, setImage, promote, abort, retry, pause, restart, undo)`,
      );
  }
}

function command(...args: readonly string[]): Step {
  return { do: 'command', args };
}

const CONDITION_FIELDS: Record<keyof Condition, 'string' | 'number'> = {
  phase: 'string',
  step: 'number',
  revision: 'number',
  message: 'string',
  deployment: 'string',
  replicas: 'number',
  service: 'string',
  selects: 'number',
};

function parseCondition(value: unknown): Condition {
  if (typeof value === 'string') return { phase: value };
  if (!isRecord(value) || Object.keys(value).length === 0)
    throw new Error('"wait" needs a phase or a map of conditions');
  for (const [field, found] of Object.entries(value)) {
    const wanted = CONDITION_FIELDS[field as keyof Condition];
    if (wanted === undefined)
      throw new Error(`"${field}" cannot be waited for (${Object.keys(CONDITION_FIELDS).join(', ')} can)`);
    if (typeof found !== wanted) throw new Error(`"${field}" has to be a ${wanted === 'string' ? 'text' : 'number'}`);
  }
  if ((value['deployment'] === undefined) !== (value['replicas'] === undefined))
    throw new Error('"deployment" and "replicas" go together');
  if ((value['service'] === undefined) !== (value['selects'] === undefined))
    throw new Error('"service" and "selects" go together');
  return value;
}

function requiredText(action: string, text: string | undefined): string {
  if (!text) throw new Error(`"${action}" needs a value`);
  return text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNeeds(value: unknown): value is Need[] {
  return isTextList(value) && value.every((each) => needs.some((need) => need === each));
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
