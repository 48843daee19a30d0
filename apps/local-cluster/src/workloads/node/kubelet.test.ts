import { afterEach, expect, test } from 'vitest';
import { realClock } from '../../clock.ts';
import type { KubeObject } from '../../storage/store.ts';
import { createStore } from '../../storage/store.ts';
import type { Condition, Container, Pod, PodSpec } from '../base/pod.ts';
import { conditionOf } from '../base/pod.ts';
import { configMaps, events, nodes, pods, secrets } from '../base/resources.ts';
import type { Workloads } from '../start.ts';
import { startWorkloads } from '../start.ts';
import { ns, testWorld } from '../testing.ts';
import type { World } from '../testing.ts';
import { behaviour } from './behaviour.ts';

const container = (more: Partial<Container> = {}): Container => ({ name: 'main', image: 'shop:1', ...more });

function pod(w: World, spec: Partial<PodSpec> = {}, annotations: Record<string, string> = {}): () => Pod {
  w.create(pods, 'p', { spec: { containers: [container()], ...spec } }, { annotations });
  return () => w.get(pods, 'p') as Pod;
}
const ready = (p: Pod): string | undefined => conditionOf(p.status?.conditions, 'Ready')?.status;
const state = (p: Pod) => p.status!.containerStatuses![0]!.state;

test('a pod is bound, waits as ContainerCreating, and runs ready with an address 200 ms later', () => {
  const w = testWorld();
  const p = pod(w);
  w.clock.advance(100);
  expect(p().spec.nodeName).toBe('node-1');
  expect(p().status).toMatchObject({ phase: 'Pending', startTime: '2026-01-01T00:00:00Z' });
  expect(state(p())).toEqual({ waiting: { reason: 'ContainerCreating' } });
  w.clock.advance(100);
  expect(p().status).toMatchObject({ phase: 'Running', podIP: '10.100.0.1', hostIP: '127.0.0.1' });
  expect(p().status!.conditions!.map((c) => [c.type, c.status])).toEqual([
    ['Initialized', 'True'],
    ['Ready', 'True'],
    ['ContainersReady', 'True'],
    ['PodScheduled', 'True'],
  ]);
  expect(p().status!.containerStatuses![0]).toMatchObject({
    name: 'main',
    image: 'shop:1',
    ready: true,
    started: true,
    restartCount: 0,
  });
});

test('how long a node takes can be set', () => {
  const w = testWorld({ readyAfterMs: 5000 });
  const p = pod(w);
  w.pass(4);
  expect(p().status?.phase).toBe('Pending');
  w.pass(1);
  expect(ready(p())).toBe('True');
});

test.each(['shop:does-not-exist', 'doesnotexist', 'bad-image:1', 'shop:broken', 'shop-error'])(
  'the image %s is never pulled',
  (image) => {
    const w = testWorld();
    const p = pod(w, { containers: [container({ image })] });
    w.clock.advance(300);
    expect(state(p()).waiting?.reason).toBe('ErrImagePull');
    w.pass(600);
    expect(state(p()).waiting?.reason).toBe('ImagePullBackOff');
    expect(p().status?.phase).toBe('Pending');
    expect(ready(p())).toBe('False');
  },
);

test('a readiness probe delays readiness, a postStart hook the start', () => {
  const w = testWorld();
  const p = pod(w, {
    containers: [
      container({
        readinessProbe: { initialDelaySeconds: 5 },
        lifecycle: { postStart: { exec: { command: ['sleep', '3'] } } },
      }),
    ],
  });
  w.pass(2);
  expect(p().status?.phase).toBe('Pending');
  w.pass(2);
  expect([p().status?.phase, ready(p())]).toEqual(['Running', 'False']);
  expect(conditionOf(p().status?.conditions, 'Ready')?.message).toBe('containers with unready status: [main]');
  w.pass(1);
  expect(ready(p())).toBe('True');
});

test('a pod with a readiness gate is ready when its condition is set, and not when it is taken back', () => {
  const w = testWorld();
  const p = pod(w, { readinessGates: [{ conditionType: 'example.com/routed' }] });
  w.pass(1);
  expect(conditionOf(p().status?.conditions, 'ContainersReady')?.status).toBe('True');
  expect(conditionOf(p().status?.conditions, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
  });
  const gate = (status: Condition['status']) =>
    w.store.modify(
      pods,
      ns,
      'p',
      (d) => {
        d.status.conditions = [
          ...d.status.conditions.filter((c: Condition) => c.type !== 'example.com/routed'),
          { type: 'example.com/routed', status },
        ];
      },
      { subresource: 'status' },
    );
  gate('True');
  w.pass(1);
  expect(ready(p())).toBe('True');
  gate('False');
  w.pass(1);
  expect(ready(p())).toBe('False');
});

test('what someone else writes into the status stays until the pod itself changes', () => {
  const w = testWorld();
  const p = pod(w);
  w.pass(1);
  w.store.modify(
    pods,
    ns,
    'p',
    (d) => void (d.status.conditions.find((c: Condition) => c.type === 'Ready').status = 'False'),
    { subresource: 'status' },
  );
  w.pass(60);
  expect(ready(p())).toBe('False');
  w.workloads.podControls.setReady(ns, 'p', false);
  w.pass(1);
  w.workloads.podControls.setReady(ns, 'p', true);
  w.pass(1);
  expect(ready(p())).toBe('True');
});

test('a command that fails at once crash-loops, backing off longer each time', () => {
  const w = testWorld();
  const p = pod(w, { containers: [container({ command: ['sh', '-c', 'exit 1'] })] });
  w.pass(1);
  expect(p().status?.phase).toBe('Running');
  expect(state(p()).waiting?.reason).toBe('CrashLoopBackOff');
  expect(p().status!.containerStatuses![0]).toMatchObject({
    ready: false,
    restartCount: 1,
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
  w.pass(10);
  expect(p().status!.containerStatuses![0]!.restartCount).toBe(2);
  w.pass(20);
  expect(p().status!.containerStatuses![0]!.restartCount).toBe(3);
});

test('a pod that is made to crash runs again when it is let be', () => {
  const w = testWorld();
  const p = pod(w);
  w.pass(1);
  w.workloads.podControls.crash(ns, 'p');
  w.pass(30);
  expect([ready(p()), state(p()).waiting?.reason]).toEqual(['False', 'CrashLoopBackOff']);
  w.workloads.podControls.recover(ns, 'p');
  w.pass(300);
  expect(ready(p())).toBe('True');
});

test('a pod that no node can take stays unscheduled and says why', () => {
  const w = testWorld();
  const big = pod(w, { containers: [container({ resources: { requests: { cpu: '2000' } } })] });
  w.create(pods, 'picky', { spec: { nodeSelector: { disk: 'ssd' }, containers: [container()] } });
  w.pass(60);
  expect(big().spec.nodeName).toBeUndefined();
  expect(conditionOf(big().status?.conditions, 'PodScheduled')).toMatchObject({
    status: 'False',
    reason: 'Unschedulable',
  });
  expect((w.get(pods, 'picky') as Pod).spec.nodeName).toBeUndefined();
});

test('a deleted pod goes at once, or after its preStop hook but never after its grace period', () => {
  const w = testWorld();
  pod(w);
  const sleeping = container({ lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } } });
  const longest = container({ lifecycle: { preStop: { sleep: { seconds: 600 } } } });
  w.create(pods, 'slow', { spec: { containers: [sleeping] } });
  w.create(pods, 'slowest', { spec: { containers: [longest] } });
  w.pass(1);
  for (const name of ['p', 'slow', 'slowest']) w.store.remove(pods, ns, name);
  w.pass(5);
  expect(w.pods().map((p) => [p.metadata.name, ready(p)])).toEqual([
    ['slow', 'True'],
    ['slowest', 'True'],
  ]);
  w.pass(6);
  expect(w.pods().map((p) => p.metadata.name)).toEqual(['slowest']);
  w.pass(20);
  expect(w.pods()).toEqual([]);
});

test('a pod that fails on request says so and stays failed', () => {
  const w = testWorld();
  const p = pod(w, {}, { [behaviour.failAfter]: '30s' });
  w.pass(29);
  expect(p().status?.phase).toBe('Running');
  w.pass(2);
  expect(p().status).toMatchObject({ phase: 'Failed' });
  expect(ready(p())).toBe('False');
});

test('after a restart of the cluster with its data, pods that ran are left as they are', () => {
  const w = testWorld();
  pod(w);
  w.pass(1);
  const before = w.store.revision();
  w.restart();
  w.pass(60);
  expect(w.store.revision()).toBe(before);
  w.create(pods, 'next', { spec: { containers: [container()] } });
  w.pass(1);
  expect((w.get(pods, 'next') as Pod).status?.podIP).toBe('10.100.0.2');
});

test('there is one ready node, and events tell what happened to a pod', () => {
  const w = testWorld();
  pod(w, { containers: [container({ command: ['sh', '-c', 'exit 1'] })] });
  w.pass(100);
  expect(w.store.get(nodes, undefined, 'node-1')?.status.conditions[0]).toMatchObject({
    type: 'Ready',
    status: 'True',
  });
  const told = () => w.store.list(events, ns).map((e) => [e.reason, e.count > 1]);
  expect(told()).toEqual([
    ['Scheduled', false],
    ['Started', true],
  ]);
  w.store.remove(pods, ns, 'p', { gracePeriodSeconds: 0 });
  w.pass(3700);
  expect(told()).toEqual([]);
});

// Commands run as processes of this machine, so these tests run on its clock.
const running: Workloads[] = [];
afterEach(() => {
  for (const workloads of running.splice(0)) workloads.stop();
});

function realWorld() {
  const clock = realClock();
  const store = createStore({ clock });
  const workloads = startWorkloads({ store, clock, options: { readyAfterMs: 0 } });
  running.push(workloads);
  const until = (done: (p: Pod) => boolean): Promise<Pod> =>
    new Promise((resolve) => {
      const unsubscribe = store.subscribe(pods, ({ object }) => {
        if (!done(object as Pod)) return;
        unsubscribe();
        resolve(object as Pod);
      });
    });
  const finished = () => until((p) => p.status?.phase === 'Succeeded' || p.status?.phase === 'Failed');
  const create = (spec: object) =>
    store.create(pods, {
      metadata: { name: 'p', namespace: ns, labels: { app: 'shop' } },
      spec,
    } as unknown as KubeObject);
  return { store, workloads, until, finished, create };
}

test('the commands of a run-to-completion pod run as processes with its environment, and their exit code is its result', async () => {
  const { store, workloads, finished, create } = realWorld();
  store.create(configMaps, {
    metadata: { name: 'conf', namespace: ns },
    data: { COLOUR: 'blue' },
  } as unknown as KubeObject);
  store.create(secrets, {
    metadata: { name: 'key', namespace: ns },
    data: { token: Buffer.from('s3').toString('base64') },
  } as unknown as KubeObject);
  const end = finished();
  create({
    restartPolicy: 'Never',
    containers: [
      container({
        command: ['sh', '-c', 'echo "$GREETING $COLOUR $TOKEN $APP"; exit 7'],
        envFrom: [{ configMapRef: { name: 'conf' } }],
        env: [
          { name: 'NAME', value: 'world' },
          { name: 'GREETING', value: 'hello $(NAME)' },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'key', key: 'token' } } },
          { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        ],
      }),
    ],
  });
  const p = await end;
  expect(p.status?.phase).toBe('Failed');
  expect(state(p).terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
  expect(workloads.logOf(ns, 'p')).toBe('hello world blue s3 shop\n');
});

test('a command that is not there ends with StartError', async () => {
  const { finished, create } = realWorld();
  const end = finished();
  create({ restartPolicy: 'Never', containers: [container({ command: ['no-such-command-here'] })] });
  expect(state(await end).terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
});

test('a container whose secret is missing waits for it', () => {
  const w = testWorld({ runCommands: true });
  running.push(w.workloads);
  const p = pod(w, {
    restartPolicy: 'Never',
    containers: [container({ command: ['sleep', '1000'], envFrom: [{ secretRef: { name: 'late' } }] })],
  });
  w.pass(1);
  expect(p().status?.phase).toBe('Pending');
  expect(state(p()).waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'secret "late" not found' });
  w.create(secrets, 'late', {});
  w.pass(3);
  expect(state(p()).running).toBeDefined();
});

test('deleting a pod ends its processes, and an exec probe decides readiness', async () => {
  const { store, until, create } = realWorld();
  const isReady = until((p) => ready(p) === 'True');
  create({
    restartPolicy: 'Never',
    containers: [container({ command: ['sleep', '1000'], readinessProbe: { exec: { command: ['true'] } } })],
  });
  await isReady;
  const gone = new Promise<void>((resolve) => store.subscribe(pods, (e) => e.type === 'DELETED' && resolve()));
  store.remove(pods, ns, 'p');
  await gone;
  expect(store.list(pods)).toEqual([]);
});
