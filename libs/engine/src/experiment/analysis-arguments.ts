import { formatTime, parseTime } from '@sluice/model';
import type { Argument, ExperimentAnalysis } from '@sluice/model';
import { resolved, unresolved } from '../analysis-template/result.ts';
import type { Resolved } from '../analysis-template/result.ts';
import { hashOf } from './replica-sets.ts';
import { durationEnd } from './situation.ts';
import type { Situation } from './situation.ts';

/** What tags in argument values may name. Source: spec-experiment §8. */
function wordsOf(s: Situation): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const [name, set] of s.sets) {
    words.set(`templates.${name}.podTemplateHash`, hashOf(set) ?? '');
    words.set(`templates.${name}.replicaset.name`, set.metadata.name);
  }
  const availableAt = parseTime(s.status.availableAt);
  if (availableAt !== undefined) words.set('experiment.availableAt', formatTime(availableAt));
  const finishedAt = durationEnd(s);
  if (finishedAt !== undefined) words.set('experiment.finishedAt', formatTime(finishedAt));
  return words;
}

const tag = /\{\{(.*?)\}\}/gs;

/** The arguments as the run gets them: only values count, with what the tags in them stand for. */
export function analysisArguments(s: Situation, analysis: ExperimentAnalysis): Resolved<Argument[]> {
  const words = wordsOf(s);
  let unknown: string | undefined;
  const args = (analysis.args ?? []).map(({ name, value }): Argument => {
    if (value === undefined || value === null) return { name };
    const text = value.replaceAll(tag, (whole, inner: string) => {
      const word = words.get(inner.trim());
      if (word === undefined) unknown = whole;
      return word ?? whole;
    });
    return { name, value: text };
  });
  return unknown === undefined ? resolved(args) : unresolved('UnknownTag', `failed to resolve ${unknown}`);
}
