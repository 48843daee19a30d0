// Snapshots to decide on: of real moments, and of updates that run in the simulator.
import fs from 'node:fs';
import path from 'node:path';
import type { RolloutSnapshot } from '@sluice/engine';
import { apply, createWorld, latestTimeIn, observe, promote, restore, setImage, settle } from '@sluice/simulator';
import type { Manifest } from '@sluice/simulator';
import { root } from '@sluice/tools-start';

const moments = path.join(root, 'tools/parity/takeover');

export interface Snapshots {
  readonly name: string;
  readonly snapshots: readonly RolloutSnapshot[];
}

/** The moments of `tools/parity/takeover` that need no router, analysis or experiment: those at rest, and those in mid-step. */
export function takeoverSnapshots(): readonly Snapshots[] {
  const all = fs
    .readdirSync(moments)
    .filter((name) => /^(canary|blue-green)-/.test(name))
    .map((name) => snapshotOf(path.join(moments, name)));
  const isAtRest = ({ rollout }: RolloutSnapshot): boolean =>
    rollout.status?.stableRS === rollout.status?.currentPodHash;
  return [
    { name: 'at rest', snapshots: all.filter(isAtRest) },
    { name: 'in mid-step', snapshots: all.filter((snapshot) => !isAtRest(snapshot)) },
  ];
}

function snapshotOf(file: string): RolloutSnapshot {
  const objects = JSON.parse(fs.readFileSync(file, 'utf8')) as Parameters<typeof restore>[1];
  const world = createWorld({ now: latestTimeIn(objects) });
  restore(world, objects);
  return observe(world, world.store.list('Rollout')[0]!);
}

const labels = { app: 'shop' };
const service = (name: string): Manifest => ({
  kind: 'Service',
  metadata: { name },
  spec: { selector: labels, ports: [{ port: 80 }] },
});
const rollout = (strategy: object): Manifest => ({
  kind: 'Rollout',
  metadata: { name: 'shop' },
  spec: {
    replicas: 5,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'shop', image: 'shop:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
      },
    },
    strategy,
  },
});

const strategies = [
  { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { duration: 1 } }] } },
  { canary: { stableService: 'stable', canaryService: 'canary', steps: [{ setWeight: 50 }, { pause: {} }] } },
  { canary: { maxSurge: 1, maxUnavailable: 0 } },
  {
    blueGreen: {
      activeService: 'active',
      previewService: 'preview',
      autoPromotionEnabled: false,
      scaleDownDelaySeconds: 5,
    },
  },
];

/** Every snapshot that a controller decides on during three updates of each kind of Rollout. */
export function updateSnapshots(): Snapshots {
  const snapshots = strategies.flatMap((strategy) => {
    const world = createWorld();
    apply(world, ...['stable', 'canary', 'active', 'preview'].map(service), rollout(strategy));
    const turns = [...settle(world).turns];
    for (const image of ['shop:2', 'shop:3', 'shop:4']) {
      setImage(world, 'shop', image);
      turns.push(...settle(world).turns);
      promote(world, 'shop');
      turns.push(...settle(world).turns);
    }
    return turns.map(({ snapshot }) => snapshot);
  });
  return { name: 'during updates', snapshots };
}
