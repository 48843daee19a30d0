import type { RawObject } from '@sluice/kube';
import { sameJson } from '@sluice/kube';
import { hashIn } from './hashed-destination-rule.ts';
import { managedNames, withoutManagedRoutes } from './routed-virtual-service.ts';
import type { WantedRouting } from './routed-virtual-service.ts';
import type { DestinationRuleSettings } from './settings.ts';

export type NamedSubsets = Pick<DestinationRuleSettings, 'name' | 'canarySubset' | 'stableSubset'>;

/** With a space, as people filter for it. */
export const updatedVirtualService = 'Updated VirtualService';
export const updatedDestinationRule = 'UpdatedDestinationRule';

/** What a write to a VirtualService did, one message for each thing. */
export function virtualServiceMessages(before: RawObject, after: RawObject, wanted: WantedRouting): readonly string[] {
  const name = `VirtualService \`${after.metadata.name ?? ''}\``;
  const [had, has] = [managedNames(before, wanted), managedNames(after, wanted)];
  const headers = wanted.managed.headerRoutes.map((route) => route.name);
  const added = has.filter((route) => !had.includes(route));
  const removed = had.filter((route) => !has.includes(route));
  const messages = added.map(
    (route) => `${name} set ${headers.includes(route) ? 'header' : 'mirror'} route '${route}'`,
  );
  if (removed.length > 0 && has.length === 0) messages.push(`${name} removed all managed routes.`);
  else messages.push(...removed.map((route) => `${name} removed managed route '${route}'`));
  const split = (object: RawObject): unknown => withoutManagedRoutes(object, wanted)['spec'];
  if (!sameJson(split(before), split(after))) messages.push(`${name} set to desiredWeight '${wanted.canaryWeight}'`);
  return messages;
}

export function destinationRuleMessage(after: RawObject, settings: NamedSubsets): string {
  const [canary, stable] = [hashIn(after, settings.canarySubset), hashIn(after, settings.stableSubset)];
  return `DestinationRule ${settings.name} subset updated (canary: ${canary}, stable: ${stable})`;
}
