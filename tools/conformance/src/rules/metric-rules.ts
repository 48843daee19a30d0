import { ErrorCode, MetricProviderService, Verdict, parseMetricResult } from '@sluice/contracts';
import type { Finished } from '@sluice/contracts';
import { must, mustEqual } from '../rule.ts';
import type { MetricContext, Rule } from '../rule.ts';
import { failureOf } from '../subject.ts';
import {
  cancelOf,
  endOf,
  hasError,
  hasValue,
  hasVerdict,
  measurementFor,
  measurementOf,
  mustBeFinished,
  mustBePending,
  newRun,
  pollOf,
  startOf,
} from './metric-questions.ts';
import { until } from './until.ts';

const deadlines: Rule<MetricContext> = {
  id: 'P3',
  title: 'work that cannot be finished within the deadline is given up',
  checks: [
    {
      title: 'a back end that does not answer is not waited for longer than the call',
      needs: ['hanging', 'running'],
      async run(context) {
        const { subject, world } = context;
        const before = (await world.running?.()) ?? 0;
        const measurement = await measurementOf(context, world.samples.hanging);
        const answer = await startOf(subject, measurement, 1_000).catch(() => undefined);
        must(answer?.outcome?.$case !== 'pending', 'the answer is pending, although nothing is under way');
        must(answer === undefined || hasError(answer.outcome?.value as Finished), 'there is a value without an answer');
        const isOver = async (): Promise<boolean> => ((await world.running?.()) ?? 0) <= before;
        await until(isOver, 'the back end is still being asked long after the deadline', 15_000);
      },
    },
  ],
};

const once: Rule<MetricContext> = {
  id: 'M1',
  title: 'one id is one measurement',
  checks: [
    {
      title: 'asked for at once and again, it is the same answer',
      needs: ['value'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.value);
        const answers = await Promise.all([startOf(subject, measurement), startOf(subject, measurement)]);
        answers.push(await startOf(subject, measurement));
        for (const answer of answers) mustEqual(answer, answers[0], 'another answer to the same id');
      },
    },
    ...(['value', 'failing'] as const).map((sample) => ({
      title: `the back end is asked once for each id (${sample})`,
      needs: [sample, 'asked'] as const,
      async run(context: MetricContext) {
        const { subject, world } = context;
        const before = (await world.asked?.()) ?? 0;
        const since = async (): Promise<number> => ((await world.asked?.()) ?? 0) - before;
        const [first, second] = [
          await measurementOf(context, world.samples[sample]),
          await measurementOf(context, world.samples[sample]),
        ];
        await Promise.all([startOf(subject, first), startOf(subject, first)]);
        await startOf(subject, first);
        mustEqual(await since(), 1, 'how often the back end was asked for one measurement');
        await startOf(subject, second);
        mustEqual(await since(), 2, 'how often it was asked for two');
      },
    })),
    {
      title: 'what it made is found again after a restart',
      needs: ['endless', 'asked', 'restart', 'side-effects'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.endless);
        const before = (await world.asked?.()) ?? 0;
        const begun = mustBePending((await startOf(subject, measurement)).outcome, 'the endless measurement');
        await subject.restart?.();
        mustBePending((await startOf(subject, measurement)).outcome, 'the endless measurement after a restart');
        mustEqual(((await world.asked?.()) ?? 0) - before, 1, 'how often it was begun');
        await cancelOf(subject, measurement, begun);
      },
    },
  ],
};

const saying: Rule<MetricContext> = {
  id: 'M2',
  title: 'a finished measurement says exactly one of value, verdict and error',
  checks: (['value', 'noData', 'failing'] as const).map((sample) => ({
    title: `so it does for: ${sample}`,
    needs: [sample === 'noData' ? 'no-data' : sample],
    async run(context: MetricContext) {
      const { subject, world } = context;
      const { outcome } = await startOf(subject, await measurementOf(context, world.samples[sample]));
      const finished = mustBeFinished(outcome, 'the measurement');
      const said = [finished.valueJson !== '', hasVerdict(finished), hasError(finished)].filter(Boolean).length;
      mustEqual(said, 1, 'how many of value_json, verdict and error_code are given');
      if (sample === 'value') must(!hasError(finished), `it is an error: ${finished.message}`);
      if (finished.valueJson === '') return;
      must(finished.value !== '', 'value, which people see, is empty beside value_json');
      must(isResult(finished.valueJson), `value_json cannot be read: ${finished.valueJson.slice(0, 80)}`);
    },
  })),
};

function isResult(valueJson: string): boolean {
  try {
    parseMetricResult(valueJson);
    return true;
  } catch {
    return false;
  }
}

const missingData: Rule<MetricContext> = {
  id: 'M3',
  title: 'missing data is said as it is',
  checks: [
    {
      title: 'it is null, an empty list or an error',
      needs: ['no-data'],
      async run(context) {
        const { subject, world } = context;
        const { outcome } = await startOf(subject, await measurementOf(context, world.samples.noData));
        const finished = mustBeFinished(outcome, 'the measurement');
        if (hasError(finished)) return;
        must(!hasVerdict(finished), `there is a verdict (${finished.verdict}) without data`);
        must(isNothing(finished.valueJson), `value_json is ${finished.valueJson.slice(0, 80)} without data`);
      },
    },
  ],
};

function isNothing(valueJson: string): boolean {
  const result = isResult(valueJson) ? parseMetricResult(valueJson) : undefined;
  return result === null || (Array.isArray(result) && result.length === 0);
}

const backEndErrors: Rule<MetricContext> = {
  id: 'M4',
  title: 'a back end that fails is an error of the measurement, never a value',
  checks: [
    {
      title: 'it has a code and a message, and nothing else',
      needs: ['failing'],
      async run(context) {
        const { subject, world } = context;
        const { outcome } = await startOf(subject, await measurementOf(context, world.samples.failing));
        const finished = mustBeFinished(outcome, 'the measurement');
        must(hasError(finished), 'error_code is missing');
        must(finished.errorCode !== ErrorCode.UNRECOGNIZED, 'error_code is none of the contract');
        must(finished.message.trim() !== '', 'the message is empty');
        must(!hasValue(finished), `there is a value: ${finished.value || finished.valueJson}`);
      },
    },
  ],
};

const secrets: Rule<MetricContext> = {
  id: 'M5',
  title: 'secret values are masked',
  checks: [
    {
      title: 'none stands in an answer, but for what is judged',
      needs: ['secret'],
      async run({ subject, world }) {
        const { text = '', config } = world.samples.secret ?? {};
        const { outcome, metricMetadata } = await startOf(subject, measurementFor(await newRun(world), config, [text]));
        const { valueJson: _judged, ...shown } = { valueJson: '', ...outcome?.value };
        const seen = JSON.stringify([shown, metricMetadata]);
        must(!seen.includes(text), `the secret stands in ${seen.replaceAll(text, '<the secret>').slice(0, 200)}`);
      },
    },
    {
      title: 'none stands in the error of a call',
      needs: ['secret'],
      async run({ subject, world }) {
        const { text = '', config } = world.samples.secret ?? {};
        const measurement = measurementFor(await newRun(world), config, [text]);
        const broken = { ...measurement, configJson: `{"token":"${text}"` };
        const { message } = await failureOf(startOf(subject, broken), 'Start with a configuration that is not JSON');
        must(!message.includes(text), 'the secret stands in the message');
      },
    },
    {
      title: 'none stands in a log line',
      needs: ['secret', 'logged'],
      async run({ subject, world }) {
        const { text = '', config } = world.samples.secret ?? {};
        await startOf(subject, measurementFor(await newRun(world), config, [text]));
        must(!(world.logged?.() ?? '').includes(text), 'the secret stands in the log');
      },
    },
  ],
};

const polling: Rule<MetricContext> = {
  id: 'M6',
  title: 'Poll starts nothing, and answers as long as the caller asks',
  checks: [
    {
      title: 'a measurement that was never started is not found',
      needs: ['value'],
      async run(context) {
        const { subject, world } = context;
        const { outcome } = await pollOf(
          subject,
          await measurementOf(context, world.samples.endless ?? world.samples.value),
        );
        const { errorCode } = mustBeFinished(outcome, 'a measurement that was never started');
        mustEqual(errorCode, ErrorCode.NOT_FOUND, 'its error code');
      },
    },
    {
      title: 'the end of a measurement stays the same, for Poll and for Start',
      needs: ['ending'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.ending);
        const before = (await world.asked?.()) ?? 0;
        const begun = mustBePending((await startOf(subject, measurement)).outcome, 'the measurement');
        const finished = await endOf(subject, measurement, begun);
        must(!hasError(finished), `it has ended with an error: ${finished.message}`);
        const polled = mustBeFinished((await pollOf(subject, measurement, begun)).outcome, 'Poll after the end');
        mustEqual(polled, finished, 'what Poll says after the end');
        const started = mustBeFinished((await startOf(subject, measurement)).outcome, 'Start after the end');
        mustEqual(started, finished, 'what Start says after the end');
        if (world.asked !== undefined) mustEqual((await world.asked()) - before, 1, 'how often it was begun');
      },
    },
    {
      title: 'it does so also after a restart',
      needs: ['endless', 'restart'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.endless);
        const begun = mustBePending((await startOf(subject, measurement)).outcome, 'the endless measurement');
        await subject.restart?.();
        const { outcome } = await pollOf(subject, measurement, begun);
        mustBePending(outcome, 'the endless measurement after a restart');
        await cancelOf(subject, measurement, begun);
      },
    },
  ],
};

function mustBeEnded(finished: Finished, what: string): void {
  must(!hasValue(finished), `${what} has a value: ${finished.value || finished.valueJson}`);
  must(finished.verdict !== Verdict.SUCCESSFUL, `${what} is successful`);
}

const cancelling: Rule<MetricContext> = {
  id: 'M7',
  title: 'Cancel ends what runs, and succeeds when nothing does',
  checks: [
    {
      title: 'a measurement that was never started, or was ended before',
      needs: ['value'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.endless ?? world.samples.value);
        for (const what of ['the first time', 'the second time'])
          mustBeEnded(await cancelOf(subject, measurement), `what never ran and is cancelled ${what}`);
      },
    },
    {
      title: 'one that had finished stays as it was',
      needs: ['value'],
      async run(context) {
        const { subject, world } = context;
        const measurement = await measurementOf(context, world.samples.value);
        const finished = mustBeFinished((await startOf(subject, measurement)).outcome, 'the measurement');
        mustEqual(await cancelOf(subject, measurement), finished, 'what Cancel says of it');
      },
    },
    {
      title: 'one that is under way has no value, is not successful, and is not begun again',
      needs: ['endless'],
      async run(context) {
        const { subject, world } = context;
        const runningBefore = await world.running?.();
        const measurement = await measurementOf(context, world.samples.endless);
        const begun = mustBePending((await startOf(subject, measurement)).outcome, 'the endless measurement');
        mustBeEnded(await cancelOf(subject, measurement, begun), 'what was cancelled');
        if (runningBefore !== undefined)
          mustEqual(await world.running?.(), runningBefore, 'how many measurements run after Cancel has answered');
        mustBeEnded(await cancelOf(subject, measurement, begun), 'what was cancelled again');
        const again = mustBeFinished(
          (await startOf(subject, measurement)).outcome,
          'what was cancelled and is started',
        );
        mustBeEnded(again, 'what was cancelled and is started');
        if (runningBefore !== undefined)
          mustEqual(await world.running?.(), runningBefore, 'how many measurements run after it was started again');
      },
    },
    {
      title: 'one whose Start has not answered yet has no value either',
      needs: ['hanging'],
      async run(context) {
        const { subject, world } = context;
        const before = (await world.running?.()) ?? 0;
        const measurement = await measurementOf(context, world.samples.hanging);
        const started = startOf(subject, measurement, 30_000).catch(() => undefined);
        if (world.running !== undefined)
          await until(async () => ((await world.running?.()) ?? 0) > before, 'the back end is not asked', 30_000);
        mustBeEnded(await cancelOf(subject, measurement), 'what was cancelled');
        const outcome = (await started)?.outcome;
        if (outcome?.$case === 'finished') mustBeEnded(outcome.value, 'what Start answered');
      },
    },
  ],
};

const collecting: Rule<MetricContext> = {
  id: 'M8',
  title: 'Collect removes what finished measurements of the run left behind',
  checks: [
    {
      title: 'it succeeds where there is nothing to remove',
      needs: [],
      async run({ subject, world }) {
        const { removed } = await collect(subject, { ...(await newRun(world)), uid: 'never-measured' }, 0);
        mustEqual(removed, 0, 'how many were removed');
      },
    },
    {
      title: 'the newest stay, and so does what is in flight and what belongs to another run',
      needs: ['ending', 'endless', 'left-behind'],
      async run({ subject, world }) {
        const { ending, endless } = world.samples;
        const [run, other] = [await newRun(world), await newRun(world)];
        const running = measurementFor(run, endless);
        const begun = mustBePending((await startOf(subject, running)).outcome, 'the endless measurement');
        const finished: number[] = [];
        for (const owner of [run, run, run, other]) {
          const measurement = measurementFor(owner, ending);
          const pending = mustBePending((await startOf(subject, measurement)).outcome, 'the measurement');
          await endOf(subject, measurement, pending);
          finished.push(measurement.ordinal);
        }
        await collect(subject, run, 1);
        const left = [...((await world.leftBehind?.(run)) ?? [])].sort((a, b) => a - b);
        mustEqual(left, [running.ordinal, finished[2]], 'which measurements are left');
        mustEqual(await world.leftBehind?.(other), [finished[3]], 'which ones of the other run are left');
        mustEqual((await collect(subject, run, 1)).removed, 0, 'how many were removed the second time');
        await cancelOf(subject, running, begun);
      },
    },
  ],
};

const collect = (subject: MetricContext['subject'], run: Awaited<ReturnType<typeof newRun>>, keep: number) =>
  subject.ask(MetricProviderService.collect, { run, metricName: '', configJson: '', keep });

const independence: Rule<MetricContext> = {
  id: 'M9',
  title: 'one measurement does not wait for another',
  checks: [
    {
      title: 'while a back end hangs for some, others are measured',
      needs: ['value', 'hanging'],
      async run(context) {
        const { subject, world } = context;
        const hanging = await Promise.all(
          Array.from({ length: 5 }, () => measurementOf(context, world.samples.hanging)),
        );
        const started = hanging.map((measurement) => startOf(subject, measurement, 12_000).catch(() => undefined));
        try {
          const answer = startOf(subject, await measurementOf(context, world.samples.value), 10_000);
          const { outcome } = await answer.catch(() => ({ outcome: undefined }));
          must(outcome !== undefined, 'a measurement was not answered while others hung');
        } finally {
          await Promise.all(hanging.map((measurement) => cancelOf(subject, measurement).catch(() => undefined)));
          await Promise.all(started);
        }
      },
    },
  ],
};

export const metricRules: readonly Rule<MetricContext>[] = [
  deadlines,
  once,
  saying,
  missingData,
  backEndErrors,
  secrets,
  polling,
  cancelling,
  collecting,
  independence,
];
