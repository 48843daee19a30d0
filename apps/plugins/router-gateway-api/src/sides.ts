import type { Destination, ExtraDestination, RolloutRef } from '@sluice/plugin-sdk';
import { refsOf } from './rules.ts';
import type { BackendRef, Rule } from './rules.ts';

/** By what references are told apart. */
export interface Sides {
  readonly rollout: RolloutRef;
  readonly canary: Destination;
  readonly stable: Destination;
  readonly extras: readonly ExtraDestination[];
  /** Services of ended experiments that the route still notes. */
  readonly noted: readonly string[];
}

/** Whose a reference is. `ended` is a destination of an experiment of this rollout that is not asked for any more. */
export type Side = 'canary' | 'stable' | 'extra' | 'ended' | 'foreign';

/** A reference into another namespace goes to another Service. Its kind is not looked at: a ServiceImport stands for the Service of its name. */
export function sideOf(ref: BackendRef, { rollout, canary, stable, extras, noted }: Sides): Side {
  const { name = '' } = ref;
  if (name === '' || (ref.namespace ?? rollout.namespace) !== rollout.namespace) return 'foreign';
  if (name === canary.service) return 'canary';
  if (name === stable.service) return 'stable';
  if (extras.some(({ service }) => service === name)) return 'extra';
  return noted.includes(name) || isNamedByExperiment(name, rollout.name) ? 'ended' : 'foreign';
}

export function has(rule: Rule, side: Side, sides: Sides): boolean {
  return refsOf(rule).some((ref) => sideOf(ref, sides) === side);
}

/** Whether the rule goes to the canary and nowhere else: its share is not this router's to set. */
export function isCanaryOnly(rule: Rule, sides: Sides): boolean {
  const refs = refsOf(rule);
  return refs.length === 1 && has(rule, 'canary', sides);
}

/** Services of experiments are called `<rollout>-<hash>-<revision>-<step>-<template>` unless the user has given them a name. */
export function isNamedByExperiment(service: string, rollout: string): boolean {
  if (!service.startsWith(`${rollout}-`)) return false;
  return /^[a-z0-9]+-\d+-\d+-./.test(service.slice(rollout.length + 1));
}
