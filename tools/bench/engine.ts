// node tools/bench/engine.ts [--seconds 1] [--json FILE]
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { decideRollout } from '@sluice/engine';
import type { RolloutSnapshot } from '@sluice/engine';
import { ratePerSecond } from './src/rate.ts';
import type { Work } from './src/rate.ts';
import { takeoverSnapshots, updateSnapshots } from './src/snapshots.ts';
import type { Snapshots } from './src/snapshots.ts';
import { table } from './src/table.ts';

const TARGET = 20_000;
const BATCH = 1000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '1' }, json: { type: 'string' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds is a number above 0, not "${values.seconds}"`);

const repeated = (snapshots: readonly RolloutSnapshot[]): RolloutSnapshot[] =>
  Array.from({ length: BATCH }, (_, i) => snapshots[i % snapshots.length]!);

/** As a controller sees them: the objects are those of its caches, and the engine has seen most of them before. */
function known({ snapshots }: Snapshots): Work<RolloutSnapshot> {
  const batch = repeated(snapshots);
  return { prepare: () => batch, do: decideRollout };
}

/** As after a start: objects that the engine has never seen. */
const unknown = ({ snapshots }: Snapshots): Work<RolloutSnapshot> => ({
  prepare: () => repeated(snapshots).map((snapshot) => structuredClone(snapshot)),
  do: decideRollout,
});

function copied({ snapshots }: Snapshots): Work<RolloutSnapshot> {
  const batch = repeated(snapshots);
  return { prepare: () => batch, do: (snapshot) => JSON.parse(JSON.stringify(snapshot)) as unknown };
}

const measured = [...takeoverSnapshots(), updateSnapshots()].map((group) => ({
  snapshots: group.name,
  count: group.snapshots.length,
  known: ratePerSecond(known(group), seconds),
  unknown: ratePerSecond(unknown(group), seconds),
  baseline: ratePerSecond(copied(group), seconds),
}));

console.log(`Decisions a second on one core (Node ${process.version}), ${seconds} s for each:`);
console.log(
  table([
    ['snapshots', 'how many', 'objects seen before', 'never seen', 'JSON copies a second'],
    ...measured.map((row) => [`${row.snapshots}`, row.count, row.known, row.unknown, row.baseline]),
  ]),
);
const slowest = Math.min(...measured.map(({ known: rate }) => rate));
console.log(
  `${slowest >= TARGET ? 'reaches' : 'does not reach'} ${TARGET} a second over objects seen before (slowest row: ${Math.round(slowest)})`,
);
if (values.json) fs.writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`);
