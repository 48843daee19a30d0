import { limitFault } from './fault.ts';
import type { Limits } from './limits.ts';

/** Counts what one evaluation has done and made, and ends it when that is more than its limits allow. */
export class Budget {
  readonly #limits: Limits;
  #steps: number;
  #memory: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#steps = limits.steps;
    this.#memory = limits.memory;
  }

  /** Depth to which lists and maps may be walked. */
  get depth(): number {
    return this.#limits.depth;
  }

  /** Call it before the work is done. */
  work(steps: number, at: number): void {
    this.#steps -= steps;
    // Written so that NaN ends it too.
    if (!(this.#steps >= 0)) throw limitFault(`the expression takes more than ${this.#limits.steps} steps`, at);
  }

  /** Call it before the elements are made; making them is work as well. */
  make(elements: number, at: number): void {
    this.#memory -= elements;
    if (!(this.#memory >= 0)) throw limitFault(`the expression makes more than ${this.#limits.memory} elements`, at);
    this.work(elements, at);
  }

  /** Text that is looked at, in UTF-16 units. */
  read(length: number, at: number): void {
    this.work(1 + length / 8, at);
  }

  /** Text that is made, in UTF-16 units. */
  write(length: number, at: number): void {
    this.make(1 + length / 8, at);
  }
}
