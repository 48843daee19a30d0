// Plays one history to its end, and looks at what came of it.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutStatus } from '@sluice/model';
import { hostOf, objectsOf, rolloutOf, routeKind } from './apps.ts';
import type { App } from './apps.ts';
import type { Deed, History } from './history.ts';
import { weightOf } from './world.ts';
import type { World } from './world.ts';

/** Of clients: from `began` until `ended` requests come. */
export interface Visits {
  began(name: string): void;
  ended(name: string): void;
}

const newestVersion = 5;

/** Throws when the Rollout does not come to where the history is to end. */
export async function playHistory(world: World, history: History, visits: Visits): Promise<void> {
  const { name, deeds, goal } = history;
  const app: App = { ...history, namespace: world.namespace };
  await world.create(...objectsOf(app));
  await world.healthy(name);
  visits.began(name);
  for (const { afterMs, deed } of deeds) {
    await sleep(afterMs);
    await act(world, name, deed);
  }
  if (goal === 'promoted') await promoted(world, name);
  else await aborted(world, name);
  await expectAnswers(world, name);
  visits.ended(name);
  // Requests that are under way end first.
  await sleep(300);
  await world.remove('Rollout', name);
  await world.remove(routeKind[app.router], name);
  for (const side of ['stable', 'canary']) await world.remove('Service', `${name}-${side}`);
}

async function act(world: World, name: string, deed: Deed): Promise<void> {
  switch (deed.do) {
    case 'set-image':
      return void (await world.setImage(name, `shop:${deed.version}`));
    case 'scale':
      return void (await world.patch('Rollout', name, { spec: { replicas: deed.replicas } }));
    case 'pause':
      return void (await world.patch('Rollout', name, { spec: { paused: deed.paused } }));
    case 'promote':
      return void (await world.promote(name));
    case 'promote-fully':
      return void (await world.patchStatus(name, { promoteFull: true }));
    case 'abort':
      return void (await world.patchStatus(name, { abort: true }));
    case 'retry':
      return void (await world.patchStatus(name, { abort: false }));
    case 'undo':
      return void (await world.setImage(name, 'shop:1'));
    case 'restart':
      return void (await world.patch('Rollout', name, { spec: { restartAt: new Date(Date.now()).toISOString() } }));
    default:
      deed satisfies never;
  }
}

/** A new version, promoted fully as often as that takes: an abort or a pause of before may still be in the way. */
async function promoted(world: World, name: string): Promise<void> {
  await world.patch('Rollout', name, { spec: { paused: false } });
  await world.setImage(name, `shop:${newestVersion}`);
  const isObserved = await world.status(name, 'its newest version', () => true);
  if (isObserved.status?.abort) await world.patchStatus(name, { abort: false });
  await world.patchStatus(name, { promoteFull: true });
  await world.healthy(name);
  await world.until(
    `${name}: the routes back on the stable side`,
    async () => weightOf(await world.rollout(name)) === 0,
  );
}

async function aborted(world: World, name: string): Promise<void> {
  await world.patch('Rollout', name, { spec: { paused: false } });
  await world.setImage(name, `shop:${newestVersion}`);
  await world.status(name, 'its newest version', () => true);
  await world.patchStatus(name, { abort: true });
  const isBack = ({ phase, canary }: RolloutStatus): boolean =>
    (phase === 'Degraded' || phase === 'Healthy') && (canary?.weights?.canary.weight ?? 0) === 0;
  await world.status(name, 'the stable version again', isBack);
}

/** Twenty requests, all answered by the version that is to be stable. */
async function expectAnswers(world: World, name: string): Promise<void> {
  const { status } = await world.rollout(name);
  const sets = await world.person.list(replicaSets, { namespace: world.namespace });
  const stable = sets.items.find((set) => set.metadata.name === `${name}-${status?.stableRS}`);
  const image = (stable?.['spec']?.template?.spec?.containers?.[0]?.image as string | undefined) ?? '';
  const version = image.split(':')[1];
  await world.until(`${name}: answers of ${image} only`, async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => versionFor(world, name)));
    return answers.every((answer) => answer === version);
  });
}

const replicaSets = { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true };

function versionFor(world: World, name: string): Promise<string | undefined> {
  const { namespace } = rolloutOf({ router: 'nginx', name, namespace: world.namespace }).metadata;
  const headers = { host: hostOf(name), 'x-data-plane-namespace': namespace ?? '' };
  return new Promise((resolve, reject) => {
    const request = http.get(world.plane.url, { headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.headers['x-version'] as string | undefined));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
