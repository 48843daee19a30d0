// node tools/bench/expression-fuzz.ts [--rounds 1000000] [--first 1]
// Expressions (well formed, damaged, senseless, excessive) with answers (odd, huge, deeper than any stack) through the condition
// language. A round that ends in neither a verdict nor an error with its place is a violation: it is printed, and the exit code is 1.
import { parseArgs } from 'node:util';
import { fuzzRound } from '@sluice/expression/fuzz';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1000000' }, first: { type: 'string', default: '1' } },
});
const [rounds, first] = [Number(values.rounds), Number(values.first)];

const megabytes = (): string => `${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(1)} MiB`;
/** Heap without garbage where the runtime lets us collect it (--expose-gc), else as it stands. */
const heap = (): string => {
  globalThis.gc?.();
  return megabytes();
};

/** Rounds before the first look at the heap: caches and compiled code are there from then on. */
const warmUp = Math.min(5_000, rounds / 10);

const outcomes = new Map<string, number>();
let slowest = { ms: 0, seed: 0, source: '' };
let violations = 0;
let heapBefore = heap();
const start = performance.now();
for (let i = 0; i < rounds; i += 1) {
  if (i === warmUp) heapBefore = heap();
  const seed = first + i;
  const began = performance.now();
  const { source, outcome, violation } = fuzzRound(seed);
  const ms = performance.now() - began;
  if (ms > slowest.ms) slowest = { ms, seed, source };
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (violation !== undefined) {
    violations += 1;
    console.log(`seed ${seed}: ${violation}\n  ${source.slice(0, 500)}`);
  }
  if ((i + 1) % 100_000 === 0)
    console.log(`${i + 1} rounds, ${((performance.now() - start) / 1000).toFixed(0)} s, heap ${megabytes()}`);
}
const seconds = (performance.now() - start) / 1000;

const share = Array.from(outcomes, ([outcome, count]) => `${outcome} ${((100 * count) / rounds).toFixed(1)} %`).sort();
console.log(
  `${rounds} rounds in ${seconds.toFixed(0)} s (${Math.round(rounds / seconds)} a second), ${violations} violations`,
);
console.log(`outcomes: ${share.join(', ')}`);
console.log(`heap before ${heapBefore}, after ${heap()}`);
console.log(`slowest: ${slowest.ms.toFixed(0)} ms, seed ${slowest.seed}: ${slowest.source.slice(0, 200)}`);
process.exitCode = violations === 0 ? 0 : 1;
