import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutInfo, Weights } from '@sluice/cli';
import type { KubeClient } from '@sluice/kube';
import { createDisplay } from '../display/display.ts';
import type { Display } from '../display/display.ts';
import { observeRollout } from '../display/observe.ts';
import { renderTotals } from '../display/render-split.ts';
import type { DataPlaneAddresses } from '../local-cluster.ts';
import type { Session } from '../session.ts';
import { startClients } from '../traffic/clients.ts';
import { createSettling } from '../traffic/settled.ts';
import { createExampleMetrics } from './example-metrics.ts';
import type { Scenario } from './format.ts';
import { playScenario } from './play.ts';

/** Where an example is played. */
export interface Place {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Clients send requests through it; undefined where nobody sends any. */
  readonly dataPlane: DataPlaneAddresses | undefined;
}

const LONGEST_LOOK_MS = 20_000;

/** Plays a scenario and shows the Rollout, and what clients get of it, as it moves. Clients go on sending a few requests after its end. */
export async function showScenario(
  session: Session,
  scenario: Scenario,
  place: Place,
  elapsed: () => number,
): Promise<void> {
  const { client, kubeconfig, namespace } = place;
  const display = createDisplay(process.stdout, elapsed);
  const watching = new AbortController();
  session.atEnd(() => watching.abort());
  const audience = createAudience(session, scenario, place, display);
  const watched = observeRollout(client, { namespace, name: scenario.rollout }, audience.show, watching.signal);
  display.say(`${scenario.title}  (examples/${scenario.name})`);
  const scene = { client, namespace, rollout: scenario.rollout };
  const { look } = audience;
  const metrics = createExampleMetrics();
  session.atEnd(() => metrics.stop());
  await playScenario(scenario, { scene, kubeconfig, say: display.say, look, metrics, signal: session.signal });
  const sent = await audience.clients?.quieten();
  watching.abort();
  await watched;
  display.close();
  console.log(`\nThe example has ended as it should, after ${elapsed().toFixed(1)} s.`);
  if (sent && sent.requests > 0) console.log(renderTotals(sent));
}

function createAudience({ signal, atEnd }: Session, scenario: Scenario, place: Place, display: Display) {
  const { dataPlane, namespace } = place;
  const settling = createSettling(Date.now);
  let isOpen = false;
  let isSettled = false;
  const clients =
    dataPlane &&
    startClients({
      dataPlane,
      rollout: `${namespace}/${scenario.rollout}`,
      isOpen: () => isOpen,
      seen: (split) => {
        display.showTraffic(split);
        isSettled = settling.isSettled(split);
      },
      signal,
    });
  if (clients) atEnd(() => clients.ended);
  return {
    clients,
    show: (rollout: RolloutInfo, weights: Weights) => {
      isOpen ||= (rollout.ready ?? 0) > 0;
      display.show(rollout, weights);
    },
    /** Longer where the machine is slow: until what clients get of the weights that are there now was seen. */
    look: async (seconds: number) => {
      const latest = Date.now() + LONGEST_LOOK_MS;
      isSettled = false;
      await sleep(1000 * seconds, undefined, { signal });
      while (clients && !isSettled && Date.now() < latest) await sleep(100, undefined, { signal });
    },
  };
}
