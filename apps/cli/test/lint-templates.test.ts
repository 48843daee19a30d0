import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintFiles } from '../src/lint/index.ts';
import { brokenTemplates, template } from './lint-templates.ts';
import { run } from './run.ts';

const mark = '⟨';

/** Lines and columns of the marks in a text, and the text without them. */
const unmarked = (marked: string): { text: string; places: string[] } => {
  const places: string[] = [];
  const lines = marked.split('\n').map((line, i) => {
    let rest = line;
    for (let at = rest.indexOf(mark); at >= 0; at = rest.indexOf(mark)) {
      places.push(`${i + 1}:${Array.from(rest.slice(0, at)).length + 1}`);
      rest = rest.slice(0, at) + rest.slice(at + mark.length);
    }
    return rest;
  });
  return { text: lines.join('\n'), places };
};

const found = (...texts: string[]): string[] =>
  lintFiles(texts.map((text, i) => ({ name: `${i}.yaml`, text }))).map(
    ({ severity, message }) => `${severity}: ${message}`,
  );

describe('lint finds in a template', () => {
  it.each(brokenTemplates)('$name', ({ manifest, findings }) => {
    const { text, places } = unmarked(manifest);
    const actual = lintFiles([{ name: 'a.yaml', text }]).map(
      ({ line, column, severity, message }) => `${line}:${column} ${severity}: ${message}`,
    );
    expect(actual).toEqual(findings.map((finding, i) => `${places[i] ?? 'no mark'} ${finding}`));
  });
});

const sound = template(`
  args: [{ name: service }, { name: threshold, value: "0.95" }]
  metrics:
    - name: success-rate
      interval: 10s
      count: 5
      failureLimit: 2
      successCondition: len(result) > 0 and result[0] >= {{args.threshold}}
      provider: { prometheus: { address: http://prometheus, query: 'rate{service="{{args.service}}"}' } }
`);

const rollout = (strategy: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: "shop:1" }] }
  strategy:
    canary:
${strategy.replace(/^\n/, '').trimEnd()}
`;

const step = (args: string, templateName = 'checks'): string =>
  rollout(`
      steps:
        - setWeight: 20
        - analysis:
            templates: [{ templateName: ${templateName} }]
            args: ${args}
`);

describe('lint of Rollouts with their templates', () => {
  it('says nothing about what is sound', () => {
    expect(found(sound, step('[{ name: service, value: shop }]'))).toEqual([]);
    expect(found(sound)).toEqual([]);
  });

  it.each([
    ['an argument without a value', step('[]'), ['error: the argument service has no value: give one in args']],
    [
      'an argument that no template declares',
      step('[{ name: service, value: a }, { name: sevice, value: b }]'),
      ['warning: no template of this analysis declares the argument sevice: it is dropped'],
    ],
    [
      'an argument with nothing but a name',
      step('[{ name: service }]'),
      ['warning: the argument service has no value: it becomes empty text, even if the template has a default'],
    ],
    [
      'an argument with two sources',
      step('[{ name: service, value: a, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]'),
      ['error: the argument service has both value and valueFrom'],
    ],
    [
      'a template that is elsewhere',
      step('[]', 'others'),
      ['note: the template others is not to be found among these files: not checked'],
    ],
    [
      'rules that match no metric',
      rollout(`
      analysis:
        templates: [{ templateName: checks }]
        args: [{ name: service, value: shop }]
        dryRun: [{ metricName: latency }]
`),
      ['error: matches no metric: there is success-rate'],
    ],
    [
      'what the controller itself refuses',
      rollout(`
      steps:
        - setWeight: 120
`),
      ['error: Invalid value: 120: SetWeight needs to be between 0 and 100'],
    ],
  ])('finds %s', (_name, manifest, findings) => {
    expect(found(sound, manifest)).toEqual(findings);
  });

  it('knows that a step must end, and a background analysis need not', () => {
    const endless = sound.replace('      count: 5\n', '').replace('      failureLimit: 2\n', '');
    const args = '[{ name: service, value: shop }]';
    expect(found(endless, step(args))).toEqual([
      'error: the metric success-rate runs indefinitely, and the step would never end: give it a count',
    ]);
    const background = rollout(`
      analysis:
        templates: [{ templateName: checks }]
        args: ${args}
`);
    expect(found(endless, background)).toEqual([]);
  });

  it('puts templates together that are measured together', () => {
    const first = template('  args: [{ name: service }]\n  templates: [{ templateName: second }]');
    const second = sound.replace('name: checks', 'name: second').replace('{ name: service }, ', '');
    expect(found(first, second, step('[{ name: service, value: shop }]'))).toEqual([]);
    expect(found(second)).toEqual(['error: unknown argument {{args.service}}: there is threshold']);
    const conflict = step('[{ name: service, value: a }]').replace(
      '[{ templateName: checks }]',
      '[{ templateName: checks }, { templateName: twin }]',
    );
    expect(found(sound, sound.replace('name: checks', 'name: twin'), conflict)).toEqual([
      "error: two metrics have the same name 'success-rate'",
    ]);
  });

  it('looks at metrics of runs too', () => {
    const analysisRun = sound.replace('AnalysisTemplate', 'AnalysisRun').replace('result[0]', 'rats[0]');
    expect(found(analysisRun)).toEqual(['error: unknown name rats: there is result']);
  });

  it('survives whatever is missing', () => {
    const lines = (sound + '---\n' + step('[{ name: service, value: shop }]')).split('\n');
    lines.forEach((line, i) => {
      const without = lines.toSpliced(i, 1).join('\n');
      const empty = lines.toSpliced(i, 1, line.replace(/^(\s*(?:- )?\w+:).*/, '$1 null')).join('\n');
      for (const text of [without, empty]) expect(() => lintFiles([{ name: 'a.yaml', text }])).not.toThrow();
    });
  });
});

describe('sluice lint FILES', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-lint-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (name: string, text: string): string => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const bad = sound.replace('result[0]', 'rats[0]');

  it('is silent about sound files', async () => {
    put('a.yaml', sound);
    expect(await run(undefined, ['lint', folder])).toEqual({ status: 0, out: '', err: '' });
  });

  it('shows the place and the line, counts, and fails', async () => {
    const file = put('a.yaml', bad);
    const condition = '      successCondition: len(result) > 0 and rats[0] >= {{args.threshold}}';
    expect(await run(undefined, ['lint', file])).toEqual({
      status: 1,
      err: '',
      out: `${file}:12:45: error: AnalysisTemplate/checks spec.metrics[0].successCondition: unknown name rats: there is result
  12 | ${condition}
     | ${' '.repeat(44)}^
1 error, 0 warnings, 0 notes
`,
    });
  });

  it('speaks JSON', async () => {
    const file = put('a.yaml', bad);
    const { status, out } = await run(undefined, ['lint', '-o', 'json', file]);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toEqual({
      findings: [
        {
          severity: 'error',
          file,
          line: 12,
          column: 45,
          object: 'AnalysisTemplate/checks',
          path: 'spec.metrics[0].successCondition',
          message: 'unknown name rats: there is result',
        },
      ],
      errors: 1,
      warnings: 0,
      notes: 0,
    });
  });

  it('passes with warnings and notes alone', async () => {
    const file = put('a.yaml', sound.replace('failureLimit: 2', 'failureLimit: 5'));
    const { status, out } = await run(undefined, ['lint', file]);
    expect([status, out.split('\n').at(-2)]).toEqual([0, '0 errors, 1 warning, 0 notes']);
  });

  it('reads folders, and takes the nearest of several templates of a name', async () => {
    for (const stage of ['prod', 'test']) {
      put(`${stage}/templates/checks.yml`, sound.replace('"0.95"', '"0.9"'));
      put(`${stage}/rollout.yaml`, `${step('[{ name: service, value: shop }]')}---\n${sound}`);
    }
    put('readme.md', '{{');
    put('.hidden/broken.yaml', '{{');
    expect(await run(undefined, ['lint', folder])).toEqual({ status: 0, out: '', err: '' });
  });

  it.each([
    ['nothing to read', ['lint'], 'Error: name the files or folders to check: sluice lint FILE...'],
    ['both ways', ['lint', '-f', 'a.yaml', 'b.yaml'], 'Error: give either FILES or -f FILE, not both'],
    ['a file that is not there', ['lint', 'nowhere.yaml'], 'Error: cannot read nowhere.yaml: '],
    ['an unknown format', ['lint', '-o', 'xml', 'a.yaml'], 'Allowed choices are text, json'],
  ])('refuses %s', async (_name, words, message) => {
    const { status, err } = await run(undefined, words);
    expect([status, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('explains itself', async () => {
    const { out } = await run(undefined, ['lint', '--help']);
    expect(out).toContain('FILE:LINE:COLUMN');
    expect(out).toContain('sluice lint rollout.yaml templates/');
  });
});
