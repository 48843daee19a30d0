/**
 * What people and programs get wrong, and what they are told. Each row changes a good Rollout (one pod, a canary without steps, its own
 * Services `NAME-a` and `NAME-b`); NAME stands for its name anywhere. `undefined` leaves a field out, `null` is sent as null.
 *
 * - `refused`: the API server does not take it, with these words.
 * - `invalid`: it is taken, nothing is done for it, and its InvalidSpec message ends with, or for templates contains, these words.
 * - `heals`: it is taken and what is wrong with it does not matter: the Rollout becomes Healthy, and goes through an update.
 */
export interface BrokenManifest {
  readonly what: string;
  readonly answer: 'refused' | 'invalid' | 'heals';
  readonly says: string;
  readonly change: Change;
}

export interface Change {
  readonly name?: string;
  readonly metadata?: object;
  /** Members of spec. */
  readonly spec?: object;
  /** All of spec. */
  readonly wholeSpec?: unknown;
}

const row =
  (answer: BrokenManifest['answer']) =>
  (what: string, change: Change, says = ''): BrokenManifest => ({ what, answer, says, change });
const refused = row('refused');
const invalid = row('invalid');
const heals = row('heals');

const spec = (members: object): Change => ({ spec: members });
const canary = (members: object): Change => spec({ strategy: { canary: members } });
const steps = (...list: readonly unknown[]): Change => canary({ steps: list });
const blueGreen = (members: object): Change =>
  spec({ strategy: { blueGreen: { activeService: 'NAME-a', ...members } } });
const pod = (members: object): Change => {
  const containers = [{ name: 'main', image: 'shop:1' }];
  return spec({ template: { metadata: { labels: { app: 'NAME' } }, spec: { containers, ...members } } });
};
const container = (members: object): Change => pod({ containers: [{ name: 'main', image: 'shop:1', ...members }] });
const reference = (workloadRef: object, members: object = {}): Change =>
  spec({ template: undefined, workloadRef, ...members });

const noMember = 'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause';
const noStrategy =
  "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
const notTheLabels = '`selector` does not match template `labels`';
/** For names that are no label: pods of another one. */
const pods = (app: string): Change =>
  spec({
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } },
  });

export const brokenManifests: readonly BrokenManifest[] = [
  // Wrong types: what the schema knows, the API server says.
  refused('no spec', { wholeSpec: undefined }, 'spec: Required value'),
  refused('a spec of null', { wholeSpec: null }, 'spec: Required value'),
  refused('a spec in words', { wholeSpec: 'two pods' }, 'spec in body must be of type object'),
  refused('replicas in words', spec({ replicas: 'two' }), 'spec.replicas in body must be of type integer'),
  refused('replicas of 1.5', spec({ replicas: 1.5 }), 'spec.replicas in body must be of type integer'),
  refused('replicas of null', spec({ replicas: null }), 'expected int64'),
  refused('replicas of 2^31', spec({ replicas: 2 ** 31 }), 'should be less than or equal to 2147483647'),
  refused('replicas of -1', spec({ replicas: -1 }), 'should be a non-negative integer'),
  refused('paused in words', spec({ paused: 'yes' }), 'spec.paused in body must be of type boolean'),
  refused('a template in words', spec({ template: 'nginx' }), 'spec.template in body must be of type object'),
  refused('a deadline in words', spec({ progressDeadlineSeconds: 'ten' }), 'must be of type integer'),
  refused('a restart at no moment', spec({ restartAt: 'soon' }), 'spec.restartAt in body must be of type date-time'),
  refused('a restart at a day', spec({ restartAt: '2026-11-21' }), 'spec.restartAt in body must be of type date-time'),
  refused('a window in words', spec({ rollbackWindow: { revisions: 'all' } }), 'must be of type integer'),
  refused('a window as a list', spec({ rollbackWindow: [3] }), 'spec.rollbackWindow in body must be of type object'),
  refused('a strategy in words', spec({ strategy: { canary: 'fast' } }), 'must be of type object'),
  refused('a surge of 1.5', canary({ maxSurge: 1.5 }), 'must be of type integer,string'),
  refused('a surge that is an object', canary({ maxSurge: {} }), 'must be of type integer,string'),
  refused('steps that are no list', canary({ steps: { setWeight: 5 } }), 'must be of type array'),
  refused('a step of null', steps(null), 'spec.strategy.canary.steps[0] in body must be of type object'),
  refused('a weight in words', steps({ setWeight: 'half' }), 'steps[0].setWeight in body must be of type integer'),
  refused('a pause of true', steps({ pause: { duration: true } }), 'must be of type integer,string'),
  refused('a pause of 1.5', steps({ pause: { duration: 1.5 } }), 'must be of type integer,string'),
  refused('no active Service', spec({ strategy: { blueGreen: {} } }), 'blueGreen.activeService: Required value'),
  refused('an annotation that is a number', { metadata: { annotations: { a: 1 } } }, 'cannot unmarshal number'),
  refused('a label with a space', { metadata: { labels: { a: 'x y' } } }, 'metadata.labels: Invalid value'),
  refused('a name in capitals', { name: 'Shop' }, 'a lowercase RFC 1123 subdomain'),
  refused('a name of 254 letters', { name: 'n'.repeat(254) }, 'metadata.name: Invalid value'),
  refused('no name', { name: '' }, 'name or generateName is required'),

  // Selector and template as the Rollout states them.
  invalid(
    'no fields at all',
    { wholeSpec: {} },
    "spec.selector: Required value: Rollout has missing field '.spec.selector'",
  ),
  invalid('no selector', spec({ selector: undefined }), "Rollout has missing field '.spec.selector'"),
  invalid('a selector of null', spec({ selector: null }), "Rollout has missing field '.spec.selector'"),
  invalid(
    'a selector of everything',
    spec({ selector: {} }),
    'This rollout is selecting all pods. A non-empty selector is required.',
  ),
  invalid('a selector without labels', spec({ selector: { matchLabels: {} } }), 'A non-empty selector is required.'),
  invalid('a selector of other pods', spec({ selector: { matchLabels: { app: 'other' } } }), notTheLabels),
  invalid(
    'a label value with a space',
    spec({ selector: { matchLabels: { app: 'a b' } } }),
    'matchLabels: "a b" is not a valid label value',
  ),
  invalid(
    'an operator that is none',
    spec({ selector: { matchExpressions: [{ key: 'app', operator: 'Near', values: ['x'] }] } }),
    '"Near" is not a valid label selector operator',
  ),
  invalid(
    'an operator without its values',
    spec({ selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
    'values must be specified when the operator is In',
  ),
  invalid('no template', spec({ template: undefined }), notTheLabels),
  invalid('a template of null', spec({ template: null }), notTheLabels),
  invalid('a template without labels', spec({ template: { spec: { containers: [] } } }), notTheLabels),

  // Templates that only the API server can judge: its words.
  invalid(
    'a template without a pod spec',
    spec({ template: { metadata: { labels: { app: 'NAME' } } } }),
    'containers: Required value',
  ),
  invalid('no containers', pod({ containers: [] }), 'spec.template.spec.containers: Required value'),
  invalid('containers in words', pod({ containers: 'nginx' }), 'cannot unmarshal string'),
  invalid('a container of null', pod({ containers: [null] }), 'spec.template.spec.containers[0].name: Required value'),
  invalid('a container without an image', container({ image: undefined }), 'containers[0].image: Required value'),
  invalid('a container with a bad name', container({ name: 'Main_1' }), 'containers[0].name: Invalid value: "Main_1"'),
  invalid(
    'two containers of one name',
    pod({
      containers: [
        { name: 'a', image: 'a' },
        { name: 'a', image: 'b' },
      ],
    }),
    'Duplicate value: "a"',
  ),
  invalid(
    'a pull policy that is none',
    container({ imagePullPolicy: 'Sometimes' }),
    'imagePullPolicy: Unsupported value: "Sometimes"',
  ),
  invalid(
    'two ports of one name',
    container({ ports: [80, 81].map((containerPort) => ({ name: 'http', containerPort })) }),
    'ports[1].name: Duplicate value: "http"',
  ),
  invalid('port 70000', container({ ports: [{ containerPort: 70000 }] }), 'must be between 1 and 65535, inclusive'),
  invalid('a port in words', container({ ports: [{ containerPort: 'http' }] }), 'cannot unmarshal string'),
  invalid(
    'lots of CPU',
    container({ resources: { requests: { cpu: 'lots' } } }),
    'quantities must match the regular expression',
  ),
  invalid(
    'less than no CPU',
    container({ resources: { requests: { cpu: '-1' } } }),
    'must be greater than or equal to 0',
  ),
  invalid(
    'a request above its limit',
    container({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    'must be less than or equal to cpu limit of 1',
  ),
  invalid('pods that are not restarted', pod({ restartPolicy: 'Never' }), 'restartPolicy: Unsupported value: "Never"'),
  invalid('a DNS policy that is none', pod({ dnsPolicy: 'Nowhere' }), 'dnsPolicy: Unsupported value: "Nowhere"'),
  invalid(
    'a mount of no volume',
    container({ volumeMounts: [{ name: 'none', mountPath: '/x' }] }),
    'volumeMounts[0].name: Not found: "none"',
  ),
  invalid('a variable without a name', container({ env: [{ value: 'x' }] }), 'env[0].name: Required value'),
  invalid('a variable that is a number', container({ env: [{ name: 'PORT', value: 80 }] }), 'cannot unmarshal number'),
  invalid(
    'a pod label with a space',
    spec({
      template: {
        metadata: { labels: { app: 'NAME', tier: 'a b' } },
        spec: { containers: [{ name: 'main', image: 'a' }] },
      },
    }),
    'a valid label must be an empty string or consist of alphanumeric characters',
  ),
  heals('a name too long for the name of its ReplicaSet, which is made to fit', {
    name: 'n'.repeat(246),
    ...pods('long'),
  }),

  // Numbers.
  invalid(
    'minReadySeconds of -1',
    spec({ minReadySeconds: -1 }),
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
  ),
  invalid(
    'a history of -1',
    spec({ revisionHistoryLimit: -1 }),
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ),
  invalid('a deadline of -1', spec({ progressDeadlineSeconds: -1 }), 'must be greater than or equal to 0'),
  invalid(
    'a deadline of 0',
    spec({ progressDeadlineSeconds: 0 }),
    'spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds',
  ),
  invalid(
    'a deadline that ends before pods count',
    spec({ minReadySeconds: 600 }),
    'must be greater than minReadySeconds',
  ),
  invalid(
    'neither surge nor unavailability',
    canary({ maxSurge: 0, maxUnavailable: '0%' }),
    'MaxSurge and MaxUnavailable both can not be zero',
  ),
  invalid('a surge of -1', canary({ maxSurge: -1 }), 'must be greater than or equal to 0'),
  invalid('a surge of -10 %', canary({ maxSurge: '-10%' }), 'must be greater than or equal to 0'),
  invalid('an unavailability of -1', canary({ maxUnavailable: -1 }), 'must be greater than or equal to 0'),
  invalid('a preview of -1 pods', blueGreen({ previewReplicaCount: -1 }), 'must be greater than or equal to 0'),
  invalid(
    'many as a surge, and no unavailability',
    canary({ maxSurge: 'many', maxUnavailable: 0 }),
    'MaxSurge and MaxUnavailable both can not be zero',
  ),
  invalid(
    'a delay without a router',
    canary({ scaleDownDelaySeconds: 5 }),
    'Canary scaleDownDelaySeconds can only be used with traffic routing',
  ),
  invalid(
    'more delayed revisions than revisions',
    spec({
      revisionHistoryLimit: 1,
      strategy: { blueGreen: { activeService: 'NAME-a', scaleDownDelayRevisionLimit: 5 } },
    }),
    'must not be greater than revisionHistoryLimit (1)',
  ),
  invalid(
    'an affinity weight of 101',
    canary({ antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 101 } } }),
    'weight needs to be between 1 and 100',
  ),

  // Strategies and steps.
  invalid('no strategy', spec({ strategy: undefined }), noStrategy),
  invalid('a strategy of null', spec({ strategy: { canary: null } }), noStrategy),
  invalid('a strategy that is none', spec({ strategy: { rolling: {} } }), noStrategy),
  invalid(
    'both strategies',
    spec({ strategy: { canary: {}, blueGreen: { activeService: 'NAME-a' } } }),
    'Only one of canary and blueGreen can be set, not both',
  ),
  invalid('anti-affinity of no kind', canary({ antiAffinity: {} }), 'AntiAffinity must have exactly one of'),
  invalid('a step without anything', steps({ setWeight: 5 }, {}), noMember),
  invalid('a step with an unknown member', steps({ wait: 5 }), noMember),
  invalid('a step of nulls', steps({ setWeight: null, pause: null }), noMember),
  invalid('a step with two members', steps({ setWeight: 5, pause: {} }), noMember),
  invalid(
    'a weight of 101',
    steps({ setWeight: 101 }),
    'spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100',
  ),
  invalid('a weight of -1', steps({ setWeight: -1 }), 'SetWeight needs to be between 0 and 100'),
  invalid(
    'a pause of a while',
    steps({ pause: { duration: 'a while' } }),
    'steps[0].pause.duration: Invalid value: "a while": time: invalid duration "a while": the units are s, m and h: write a duration such as 90s, 10m or 24h, or whole seconds such as 90',
  ),
  invalid('a pause in days', steps({ pause: { duration: '1d' } }), 'or whole seconds such as 90'),
  invalid('a pause of nothing', steps({ pause: { duration: '' } }), 'or whole seconds such as 90'),
  invalid('a pause of -5', steps({ pause: { duration: -5 } }), 'Duration needs to be greater than 0'),
  invalid('a pause longer than time', steps({ pause: { duration: '999999999h' } }), 'or whole seconds such as 90'),
  invalid(
    'the 200th of 200 steps broken',
    steps(...Array.from({ length: 199 }, () => ({ setWeight: 50 })), { setWeight: 200 }),
    'spec.strategy.steps[199].setWeight: Invalid value: 200',
  ),
  invalid(
    'setCanaryScale without a router',
    steps({ setCanaryScale: { replicas: 1 } }),
    'SetCanaryScale requires TrafficRouting to be set',
  ),
  invalid(
    'a header route without a router',
    steps({ setHeaderRoute: { name: 'x' } }),
    'SetHeaderRoute requires TrafficRouting',
  ),
  invalid(
    'a mirror route without a router',
    steps({ setMirrorRoute: { name: 'x' } }),
    'SetMirrorRoute requires TrafficRouting',
  ),
  invalid(
    'dynamicStableScale without a router',
    canary({ dynamicStableScale: true }),
    'Canary dynamicStableScale can only be used with traffic routing',
  ),
  invalid(
    'a router without Services',
    canary({ trafficRouting: { nginx: { stableIngress: 'i' } } }),
    'Canary service and Stable service must to be set to use Traffic Routing',
  ),

  // Services and workloads.
  invalid(
    'an active Service that is missing',
    blueGreen({ activeService: 'nowhere' }),
    'spec.strategy.blueGreen.activeService: Invalid value: "nowhere": service "nowhere" not found',
  ),
  invalid('a preview Service that is missing', blueGreen({ previewService: 'nowhere' }), 'service "nowhere" not found'),
  invalid(
    'a stable Service that is missing',
    canary({ stableService: 'nowhere' }),
    'spec.strategy.canary.stableService: Invalid value: "nowhere": service "nowhere" not found',
  ),
  invalid(
    'an active Service of no name',
    blueGreen({ activeService: '' }),
    'spec.strategy.activeService: Invalid value: ""',
  ),
  invalid(
    'a Service with a name that none has',
    canary({ stableService: 'No Such/Name' }),
    'service "No Such/Name" not found',
  ),
  invalid('a Service with the address of its namespace', canary({ stableService: '..' }), 'service ".." not found'),
  invalid('a Service with an address in code', canary({ stableService: '%2e%2e' }), 'service "%2e%2e" not found'),
  invalid(
    'one Service for active and preview',
    blueGreen({ previewService: 'NAME-a' }),
    'two different services are required.',
  ),
  invalid(
    'one Service for stable and canary',
    canary({ stableService: 'NAME-a', canaryService: 'NAME-a' }),
    'two different services are required.',
  ),
  invalid(
    'a Service of other pods',
    blueGreen({ activeService: 'elsewhere' }),
    'Service "elsewhere" has unmatch label "app" in rollout',
  ),
  invalid(
    'the Service of another Rollout',
    blueGreen({ activeService: 'good-blue-green-active' }),
    'Service "good-blue-green-active"',
  ),
  invalid(
    'a workload that is missing',
    reference({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' }),
    '/none" not found',
  ),
  invalid(
    'a pod template that is missing',
    reference({ apiVersion: 'v1', kind: 'PodTemplate', name: 'none' }),
    'podtemplates "',
  ),
  invalid(
    'a pod template, which has no selector, without one',
    reference({ apiVersion: 'v1', kind: 'PodTemplate', name: 'without-selector' }, { selector: undefined }),
    "Rollout has missing field '.spec.selector'",
  ),
  invalid(
    'a workload of another kind',
    reference({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'x' }),
    'it must be an apps/v1 Deployment, an apps/v1 ReplicaSet or a v1 PodTemplate',
  ),
  invalid(
    'a workload of another group',
    reference({ apiVersion: 'extensions/v1beta1', kind: 'Deployment', name: 'x' }),
    'it must be an apps/v1 Deployment',
  ),
  invalid(
    'a workload without a name',
    reference({ apiVersion: 'apps/v1', kind: 'Deployment' }),
    'workloadRef names no workload',
  ),
  invalid(
    'a workload with a path for a name',
    reference({ apiVersion: 'apps/v1', kind: 'Deployment', name: '../secrets/x' }),
    'workloadRef names no workload',
  ),
  invalid('nothing in workloadRef', reference({}), 'workloadRef names no workload'),

  // Odd, and harmless.
  heals('an unknown field', spec({ replica: 3 })),
  heals('an unknown field in a container', container({ imagine: 'x' })),
  heals('nulls where Go writes them', {
    metadata: { creationTimestamp: null, labels: null, annotations: null },
    spec: {
      minReadySeconds: null,
      revisionHistoryLimit: null,
      progressDeadlineSeconds: null,
      restartAt: null,
      workloadRef: null,
      rollbackWindow: null,
      paused: null,
      analysis: null,
      strategy: {
        blueGreen: null,
        canary: {
          steps: null,
          maxSurge: null,
          maxUnavailable: null,
          canaryService: null,
          trafficRouting: null,
          analysis: null,
          antiAffinity: null,
          canaryMetadata: null,
        },
      },
      template: {
        metadata: { creationTimestamp: null, labels: { app: 'NAME' }, annotations: null },
        spec: {
          containers: [{ name: 'main', image: 'shop:1', resources: {}, env: null, ports: null }],
          volumes: null,
          securityContext: null,
        },
      },
    },
  }),
  heals('a revision, a generation and a past that are none', {
    metadata: {
      annotations: { 'rollout.argoproj.io/revision': 'x', 'rollout.argoproj.io/workload-generation': 'seven' },
    },
  }),
  invalid('a window of -3', spec({ rollbackWindow: { revisions: -3 } }), 'must be greater than or equal to 0'),
  invalid('12.5 % as a surge', canary({ maxSurge: '12.5%' }), 'or a percentage such as 25%'),
  heals('a surge of 2^40', canary({ maxSurge: 2 ** 40, maxUnavailable: '999999999999999999999%' })),
  heals('a delay beyond all time', blueGreen({ scaleDownDelaySeconds: 9e15, abortScaleDownDelaySeconds: 9e15 })),
  heals('a pause beyond all time', steps({ setWeight: 100 }, { pause: { duration: 9e15 } })),
  heals('200 steps', steps(...Array.from({ length: 200 }, (_, index) => ({ setWeight: Math.floor(index / 2) })))),
  heals('a history of 2^53', spec({ revisionHistoryLimit: 2 ** 53 })),
  heals('a name of 240 letters', { name: 'n'.repeat(240), ...pods('very-long') }),
  heals('a name with dots', { name: 'bad.with.dots', ...pods('dots') }),
];
