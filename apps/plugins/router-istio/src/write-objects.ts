import type { RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { Call } from '@sluice/plugin-sdk';
import { changeObject, heldDetail } from '@sluice/routed-objects';
import type { ChangeOutcome, WriteContext } from '@sluice/routed-objects';
import { virtualServiceKey } from './found-objects.ts';
import type { Found, FoundVirtualService, Refs } from './found-objects.ts';
import { hashedDestinationRule, releasedDestinationRule } from './hashed-destination-rule.ts';
import {
  destinationRuleMessage,
  updatedDestinationRule,
  updatedVirtualService,
  virtualServiceMessages,
} from './route-events.ts';
import type { NamedSubsets } from './route-events.ts';
import { routedVirtualService, withoutManagedRoutes } from './routed-virtual-service.ts';
import type { PresentShare, WantedRouting } from './routed-virtual-service.ts';
import { where } from './selection.ts';
import type { IstioSettings, VirtualServiceSettings } from './settings.ts';
import { givenBack, wantedSubsets } from './wanted.ts';
import type { IstioIntent, IstioRelease } from './wanted.ts';

/** What all writes of one call share. */
export interface Writing {
  readonly refs: Refs;
  readonly context: WriteContext;
  readonly call: Call;
}

/** Thrown in place of a write that somebody keeps undoing: what would have come after it must not happen either. */
export class Held extends Error {
  readonly outcome: ChangeOutcome;
  constructor(outcome: ChangeOutcome) {
    super(heldDetail([{ ...outcome, name: where(outcome.before) }]));
    this.outcome = outcome;
  }
}

/**
 * Hashes first for versions that gain traffic, then the weights, then the hashes of versions that lose some (see wantedSubsets). Returns who undid earlier
 * writes, where that was noticed. Throws Held, and PluginError or KubeError of the write that failed; nothing after it is tried.
 */
export async function writeAll(
  writing: Writing,
  intent: IstioIntent,
  found: Found,
  share: PresentShare,
): Promise<string> {
  const rule = await changeRule(writing, intent, found.rule, share);
  let undoneBy = '';
  for (const virtualService of found.virtualServices)
    undoneBy = (await changeVirtualService(writing, virtualService)) ?? undoneBy;
  await changeRule(writing, intent, rule, undefined);
  return undoneBy;
}

async function changeRule(
  { refs, context, call }: Writing,
  intent: IstioIntent,
  live: RawObject | undefined,
  share: PresentShare | undefined,
): Promise<RawObject | undefined> {
  const wanted = wantedSubsets(intent, share);
  if (live === undefined || wanted === undefined) return live;
  const outcome = await changeObject(context, {
    ref: refs.destinationRules,
    key: { namespace: intent.rollout.namespace, name: wanted.settings.name },
    live,
    purpose: share === undefined ? 'after the weights' : 'before the weights',
    change: (object) => hashedDestinationRule(object, wanted),
  });
  if (outcome.held) throw new Held(outcome);
  if (outcome.wrote) call.event(updatedDestinationRule, destinationRuleMessage(outcome.after, wanted.settings));
  return outcome.after;
}

async function changeVirtualService(
  writing: Writing,
  { key, live, wanted }: FoundVirtualService,
): Promise<string | undefined> {
  const { refs, context, call } = writing;
  const change = (object: RawObject): RawObject => routedVirtualService(object, wanted);
  const outcome = await changeObject(context, { ref: refs.virtualServices, key, live, change });
  if (outcome.held) throw new Held(outcome);
  tell(call, outcome, wanted);
  return outcome.undoneBy === '' ? undefined : outcome.undoneBy;
}

function tell(call: Call, outcome: ChangeOutcome, wanted: WantedRouting): void {
  if (!outcome.wrote) return;
  for (const message of virtualServiceMessages(outcome.before, outcome.after, wanted))
    call.event(updatedVirtualService, message);
}

/**
 * Gives back the objects that the configuration names, as far as they are there. The subsets lose their hashes last: until then the stable one holds only
 * stable pods.
 */
export async function giveBack(writing: Writing, release: IstioRelease): Promise<void> {
  const { destinationRule, virtualServices } = release.config;
  for (const settings of virtualServices) await giveBackVirtualService(writing, release, settings);
  if (destinationRule !== undefined) await giveBackRule(writing, release, destinationRule);
}

async function giveBackVirtualService(
  writing: Writing,
  release: IstioRelease,
  settings: VirtualServiceSettings,
): Promise<void> {
  const { refs, context, call } = writing;
  const key = virtualServiceKey(settings, release.rollout.namespace);
  const live = await context.client.find(refs.virtualServices, key, { signal: context.signal });
  if (live === undefined) return;
  const wanted = givenBack(release, settings);
  const change = (object: RawObject): RawObject => releasedVirtualService(object, wanted);
  const outcome = await changeObject(context, { ref: refs.virtualServices, key, live, change, purpose: 'release' });
  if (outcome.held) throw new PluginError('Conflict', new Held(outcome).message);
  tell(call, outcome, wanted);
}

/** A VirtualService whose weighted routes are gone has nothing to give back but the routes of steps. */
function releasedVirtualService(live: RawObject, wanted: WantedRouting): RawObject {
  try {
    return routedVirtualService(live, wanted);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return withoutManagedRoutes(live, wanted);
  }
}

export async function giveBackRule(
  { refs, context, call }: Writing,
  { rollout }: Pick<IstioRelease, 'rollout'>,
  settings: NamedSubsets,
): Promise<void> {
  const key = { namespace: rollout.namespace, name: settings.name };
  const live = await context.client.find(refs.destinationRules, key, { signal: context.signal });
  if (live === undefined) return;
  const change = (object: RawObject): RawObject => releasedDestinationRule(object, rollout.name);
  const outcome = await changeObject(context, { ref: refs.destinationRules, key, live, change, purpose: 'release' });
  if (outcome.held) throw new PluginError('Conflict', new Held(outcome).message);
  if (outcome.wrote) call.event(updatedDestinationRule, destinationRuleMessage(outcome.after, settings));
}

/** What a former configuration names and the present one does not; undefined when nothing has left. */
export function leftBehind(former: IstioRelease | undefined, now: IstioSettings): IstioRelease | undefined {
  if (former === undefined) return undefined;
  const { config, rollout } = former;
  const named = new Set(
    now.virtualServices.map((settings) => JSON.stringify(virtualServiceKey(settings, rollout.namespace))),
  );
  const virtualServices = config.virtualServices.filter(
    (settings) => !named.has(JSON.stringify(virtualServiceKey(settings, rollout.namespace))),
  );
  const destinationRule =
    config.destinationRule?.name === now.destinationRule?.name ? undefined : config.destinationRule;
  if (virtualServices.length === 0 && destinationRule === undefined) return undefined;
  return { ...former, config: { virtualServices, destinationRule } };
}
