import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readManifests } from '../manifests.ts';
import { readScenario, scenarioNames } from './format.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-scenarios-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function scenario(text: string) {
  fs.mkdirSync(path.join(folder, 'one'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'one/scenario.yaml'), text);
  return readScenario('one', folder);
}
const withSteps = (...steps: string[]) =>
  `title: t\nrollout: shop\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;

describe('the examples', () => {
  it('are the ones that the README lists', () => {
    const readme = fs.readFileSync(path.join(import.meta.dirname, '../../../../examples/README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
    expect(scenarioNames()).toEqual(listed.sort());
  });

  it.each(scenarioNames())('%s can be read, and so can every file that it applies', (name) => {
    const { steps, folder: place } = readScenario(name);
    const files = steps.flatMap((step) => (step.do === 'apply' ? step.files : []));
    expect(files.flatMap((file) => readManifests(path.join(place, file))).length).toBeGreaterThan(0);
  });
});

describe('a scenario', () => {
  it('is made of steps, the commands among them as the command line takes them', () => {
    const { steps } = scenario(
      withSteps(
        'apply: [a.yaml, b.yaml]',
        'setImage: shop=nginx:2',
        'promote',
        'promote: full',
        'undo: 1',
        'retry',
        'wait: Healthy',
        'wait: { step: 1 }',
        'look: 3',
      ),
    );
    expect(steps).toEqual([
      { do: 'apply', files: ['a.yaml', 'b.yaml'] },
      { do: 'command', args: ['set', 'image', 'shop', 'shop=nginx:2'] },
      { do: 'command', args: ['promote', 'shop'] },
      { do: 'command', args: ['promote', 'shop', '--full'] },
      { do: 'command', args: ['undo', 'shop', '--to-revision=1'] },
      { do: 'command', args: ['retry', 'rollout', 'shop'] },
      { do: 'wait', for: { phase: 'Healthy' } },
      { do: 'wait', for: { step: 1 } },
      { do: 'look', seconds: 3 },
    ]);
  });

  it.each([
    ['title: t\nrollout: shop\nsteps: []', 'steps has to be a list with at least one step'],
    ['title: t\nrollout: shop\nsteps: [abort]\nspeed: 2', '"speed" is not a field'],
    ['title: t\nrollout: shop\nneeds: [luck]\nsteps: [abort]', 'needs has to be a list of prometheus'],
    [withSteps('explode'), 'step 1: "explode" is not an action'],
    [withSteps('metrics: 5'), '"metrics" needs a map of paths'],
    [withSteps('metrics: { errors: 1 }'), '"metrics" needs a map of paths'],
    [withSteps('abort', 'setImage:'), 'step 2: "setImage" needs a value'],
    [withSteps('{ abort: , promote: }'), 'step 1: a step is one action'],
    [withSteps('look: now'), 'step 1: "look" needs a number of seconds'],
    [withSteps('wait: { phase: 3 }'), 'step 1: "phase" has to be a text'],
    [withSteps('wait: { weather: fine }'), 'step 1: "weather" cannot be waited for'],
    [withSteps('wait: { service: shop }'), 'step 1: "service" and "selects" go together'],
    ['title: [', 'scenario.yaml: '],
  ])('%j is refused with the file and what is wrong with it', (text, message) => {
    expect(() => scenario(text)).toThrow(message);
    expect(() => scenario(text)).toThrow(path.join(folder, 'one/scenario.yaml'));
  });

  it('that does not exist is answered with those that do', () => {
    expect(() => readScenario('no-such')).toThrow(/there is no scenario "no-such": choose one of .*canary/);
  });
});
