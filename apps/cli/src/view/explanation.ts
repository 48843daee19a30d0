import type { Explanation } from '@sluice/engine';
import { formatTime } from '@sluice/model';
import { shortDuration } from './duration.ts';
import { type Paint, iconColour, rolloutIcon } from './icons.ts';
import type { Phase } from './phase.ts';

const LABEL_WIDTH = 11;

/** The answer of `explain`: where a Rollout is, the one reason, since when, until when, and what moves it on. */
export function renderExplanation(
  name: string,
  { phase }: Phase,
  explanation: Explanation,
  nowMs: number,
  paint: Paint,
): string[] {
  const icon = rolloutIcon(phase);
  const { code, detail, unblock, since, until } = explanation;
  return [
    line('Name:', name),
    line('Status:', `${paint(icon, iconColour(icon))} ${phase}`),
    line('Reason:', code),
    line('', detail),
    ...(since === undefined ? [] : [line('Since:', `${formatTime(since)} (${shortDuration(nowMs - since)} ago)`)]),
    ...(until === undefined ? [] : [line('Until:', `${formatTime(until)} (${distance(until - nowMs)})`)]),
    line('Unblock:', unblock),
  ];
}

function distance(leftMs: number): string {
  return leftMs >= 0 ? `in ${shortDuration(leftMs)}` : `${shortDuration(-leftMs)} ago`;
}

function line(label: string, value: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${value}`;
}
