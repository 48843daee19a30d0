import type { RolloutInfo, Weights } from '@sluice/cli';
import type { Split } from '@sluice/local-cluster';
import { createSettling } from '../traffic/settled.ts';
import { renderBlock, renderLine } from './render.ts';
import { momentOf, newestExperiment, renderExperiment } from './render-experiment.ts';
import { renderSplit } from './render-split.ts';

/** What a display writes to: process.stdout, or a stand-in. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows what happens, as it happens: a block that is redrawn in place on a terminal, a line for each change elsewhere. */
export interface Display {
  /** A line that stays. */
  say(line: string): void;
  /** The newest state of the Rollout, and what versions of its experiment get of the traffic. */
  show(rollout: RolloutInfo, weights?: Weights): void;
  /** What clients got in the last second or two. */
  showTraffic(split: Split): void;
  /** Leaves the last state on the screen. */
  close(): void;
}

/** As wide as the time before a line. */
const INDENT = ' '.repeat(11);
const START_OF_LINE_AND_CLEAR_BELOW = '\r\x1b[J';

/** `elapsed` answers the seconds since the command was given. */
export function createDisplay(screen: Screen, elapsed: () => number): Display {
  return screen.isTTY ? liveDisplay(screen, elapsed) : lineDisplay(screen, elapsed);
}

function lineDisplay(screen: Screen, elapsed: () => number): Display {
  let last = '';
  let lastMoment = '';
  const settling = createSettling(() => 1000 * elapsed());
  const stamp = () => `  ${elapsed().toFixed(1).padStart(5)} s  `;
  const showExperiment = (rollout: RolloutInfo, weights: Weights = new Map()): void => {
    const experiment = newestExperiment(rollout);
    const moment = experiment === undefined ? '' : momentOf(experiment);
    if (experiment === undefined || moment === lastMoment) return;
    lastMoment = moment;
    const [first, ...table] = renderExperiment(experiment, weights);
    screen.write([`${stamp()}${first}`, ...table.map((line) => `${INDENT}${line}`), ''].join('\n'));
  };
  return {
    say: (line) => void screen.write(`${line}\n`),
    show(rollout, weights) {
      const line = renderLine(rollout);
      if (line !== last) screen.write(`${stamp()}${line}\n`);
      last = line;
      showExperiment(rollout, weights);
    },
    showTraffic(split) {
      if (settling.isNews(split)) screen.write(`${stamp()}${renderSplit(split)}\n`);
    },
    close() {},
  };
}

function liveDisplay(screen: Screen, elapsed: () => number): Display {
  let block: string[] = [];
  let newest: RolloutInfo | undefined;
  let weights: Weights | undefined;
  let traffic: string | undefined;
  const erase = () => (block.length === 0 ? '' : `\x1b[${block.length}A${START_OF_LINE_AND_CLEAR_BELOW}`);
  const drawn = () => block.map((line) => `${line}\n`).join('');
  const draw = () => {
    if (!newest) return;
    const gone = erase();
    block = renderBlock(newest, elapsed(), screen.columns || 80, { traffic, ...(weights && { weights }) });
    screen.write(gone + drawn());
  };
  return {
    // The block always stays below what was said.
    say: (line) => void screen.write(`${erase()}${line}\n${drawn()}`),
    show(rollout, given) {
      newest = rollout;
      weights = given;
      draw();
    },
    showTraffic(split) {
      traffic = renderSplit(split);
      draw();
    },
    close() {
      block = [];
      newest = undefined;
    },
  };
}
