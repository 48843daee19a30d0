import { describe, expect, it } from 'vitest';
import { moments, recording } from '../../test/recordings.ts';
import type { CanaryStep, CanaryStrategy, PodTemplateSpec, Rollout, RolloutSpec, RolloutStrategy } from '../index.ts';
import { formatFieldError, invalidSpecMessage } from './field-error.ts';
import { validateRollout } from './rollout.ts';

const rollout = (spec: Partial<RolloutSpec>, name = 'shop'): Rollout => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'shop', image: 'shop:1' }] } },
    strategy: { canary: {} },
    ...spec,
  },
});
const canary = (strategy: CanaryStrategy): Rollout => rollout({ strategy: { canary: strategy } });
const step = (one: CanaryStep, strategy: CanaryStrategy = {}): Rollout => canary({ ...strategy, steps: [one] });
const blueGreen = (strategy: Partial<NonNullable<RolloutStrategy['blueGreen']>>): Rollout =>
  rollout({ strategy: { blueGreen: { activeService: 'active', ...strategy } } });
const messageOf = (broken: Rollout, template?: PodTemplateSpec): string | undefined => {
  const error = validateRollout(broken, template);
  return error && formatFieldError(error);
};

const istio = {
  istio: {
    virtualService: { name: 'shop' },
    destinationRule: { name: 'd', canarySubsetName: 'c', stableSubsetName: 's' },
  },
};
const nginx = { nginx: { stableIngress: 'shop' } };
const alb = { alb: { ingress: 'shop', servicePort: 80 } };
const services = { canaryService: 'shop-canary', stableService: 'shop-stable' };
const managed = (router: object) => ({ ...router, managedRoutes: [{ name: 'r' }] });
const header = (headerValue?: object) => ({ setHeaderRoute: { name: 'r', match: [{ headerName: 'h', headerValue }] } });
const mirror = (match: object) => ({ setMirrorRoute: { name: 'r', match: [match] } });
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' };
const noMember =
  '"step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true"';
const wantsOne = 'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause';
const needsTwoServices = 'Canary service and Stable service must to be set to use Traffic Routing';
const oneMatcher = 'Exactly one of exact, regex and prefix must be set';
const steps0 = 'spec.strategy.steps[0]';
const fieldRef = (fieldPath: string) => [{ name: 'a', valueFrom: { fieldRef: { fieldPath } } }];

/** What is wrong, the Rollout, and the whole error. */
const broken: [string, Rollout, string][] = [
  [
    'negative replicas',
    rollout({ replicas: -1 }),
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'no selector',
    rollout({ selector: undefined }),
    "spec.selector: Required value: Rollout has missing field '.spec.selector'",
  ],
  [
    'an empty selector',
    rollout({ selector: {} }),
    'spec.selector: Invalid value: {}: This rollout is selecting all pods. A non-empty selector is required.',
  ],
  [
    'a selector with an operator that is none',
    rollout({ selector: { matchExpressions: [{ key: 'app', operator: 'Is' }] } }),
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is"}]}: matchExpressions: "Is" is not a valid label selector operator',
  ],
  [
    'a selector with a label that is none',
    rollout({ selector: { matchLabels: { app: 'a b' } } }),
    'spec.selector: Invalid value: {"matchLabels":{"app":"a b"}}: matchLabels: "a b" is not a valid label value',
  ],
  [
    'a template beside a reference',
    rollout({ workloadRef: ref }),
    'spec.template: Internal error: template must be empty for workload reference rollout',
  ],
  [
    'annotations of a template beside a reference',
    rollout({ workloadRef: ref, template: { metadata: { annotations: { a: 'b' } } } }),
    'spec.template: Internal error: template must be empty for workload reference rollout',
  ],
  [
    'no template',
    rollout({ template: undefined }),
    'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
  ],
  [
    'a template with other labels',
    rollout({ template: { metadata: { labels: { z: '1', app: 'x' } } } }),
    'spec.template.metadata.labels: Invalid value: {"app":"x","z":"1"}: `selector` does not match template `labels`',
  ],
  [
    'negative minReadySeconds',
    rollout({ minReadySeconds: -5 }),
    'spec.minReadySeconds: Invalid value: -5: must be greater than or equal to 0',
  ],
  [
    'a negative history',
    rollout({ revisionHistoryLimit: -1 }),
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'a negative deadline',
    rollout({ progressDeadlineSeconds: -1 }),
    'spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'a deadline of 0',
    rollout({ progressDeadlineSeconds: 0 }),
    'spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds',
  ],
  [
    'a default deadline below minReadySeconds',
    rollout({ minReadySeconds: 600 }),
    'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
  ],
  [
    'no strategy',
    rollout({ strategy: undefined }),
    "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
  ],
  [
    'two strategies',
    rollout({ strategy: { canary: {}, blueGreen: { activeService: 'a' } } }),
    'spec.strategy.strategy: Invalid value: {"blueGreen":{"activeService":"a"},"canary":{}}: Only one of canary and blueGreen can be set, not both',
  ],
  [
    'one Service for active and preview',
    blueGreen({ previewService: 'active' }),
    'spec.strategy.activeService: Invalid value: "active": This rollout uses the same service for the active and preview services, but two different services are required.',
  ],
  [
    'more delayed revisions than kept ones',
    blueGreen({ scaleDownDelayRevisionLimit: 11 }),
    'spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 11: must not be greater than revisionHistoryLimit (10)',
  ],
  [
    'an empty anti-affinity',
    blueGreen({ antiAffinity: {} }),
    'spec.strategy.antiAffinity: Invalid value: {}: AntiAffinity must have exactly one of requiredDuringSchedulingIgnoredDuringExecution and preferredDuringSchedulingIgnoredDuringExecution',
  ],
  [
    'an anti-affinity of weight 0',
    canary({ antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } } }),
    'spec.strategy.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight: Invalid value: 0: weight needs to be between 1 and 100',
  ],
  [
    'neither surge nor unavailability',
    canary({ maxSurge: '0%', maxUnavailable: 0 }),
    'spec.strategy.maxSurge: Invalid value: "0%": MaxSurge and MaxUnavailable both can not be zero',
  ],
  [
    'a surge that is no number',
    canary({ maxSurge: 'some', maxUnavailable: '0' }),
    'spec.strategy.maxSurge: Invalid value: "some": MaxSurge and MaxUnavailable both can not be zero',
  ],
  [
    'one Service for both versions',
    canary({ canaryService: 'a', stableService: 'a' }),
    'spec.strategy.stableService: Invalid value: "a": This rollout uses the same service for the stable and canary services, but two different services are required.',
  ],
  [
    'ping-pong with nginx',
    canary({ trafficRouting: nginx, pingPong: { pingService: 'a', pongService: 'b' } }),
    'spec.strategy.trafficRouting.alb: Invalid value: null: Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only',
  ],
  [
    'ping-pong without ping',
    canary({ trafficRouting: istio, pingPong: { pingService: '', pongService: 'b' } }),
    'spec.strategy.pingPong.pingService: Invalid value: "": Ping service must be set to use ping-pong',
  ],
  [
    'ping-pong without pong',
    canary({ trafficRouting: istio, pingPong: { pingService: 'a', pongService: '' } }),
    'spec.strategy.pingPong.pongService: Invalid value: "": Pong service must be set to use ping-pong',
  ],
  [
    'ping-pong with one Service',
    canary({ trafficRouting: istio, pingPong: { pingService: 'a', pongService: 'a' } }),
    'spec.strategy.pingPong.pingService: Invalid value: "a": This rollout uses the same service for the ping and pong services, but two different services are required.',
  ],
  [
    'ping-pong without a root Service of ALB',
    canary({ trafficRouting: alb, pingPong: { pingService: 'a', pongService: 'b' } }),
    'spec.strategy.trafficRouting.alb.rootService: Invalid value: "": Root service must be set to use ping-pong with ALB',
  ],
  [
    'a router without Services',
    canary({ trafficRouting: nginx }),
    `spec.strategy.stableService: Invalid value: "": ${needsTwoServices}`,
  ],
  [
    'a router without canary Service',
    canary({ trafficRouting: { traefik: { weightedTraefikServiceName: 't' } }, stableService: 'a' }),
    `spec.strategy.canaryService: Invalid value: "": ${needsTwoServices}`,
  ],
  [
    'Istio without DestinationRule and Services',
    canary({ trafficRouting: { istio: { virtualService: { name: 'v' } } } }),
    `spec.strategy.stableService: Invalid value: "": ${needsTwoServices}`,
  ],
  [
    'a scale-down delay without router',
    canary({ scaleDownDelaySeconds: 0 }),
    'spec.strategy.scaleDownDelaySeconds: Invalid value: 0: Canary scaleDownDelaySeconds can only be used with traffic routing',
  ],
  [
    'a dynamic stable scale without router',
    canary({ dynamicStableScale: true }),
    'spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale can only be used with traffic routing',
  ],
  [
    'a dynamic stable scale with a scale-down delay',
    canary({ trafficRouting: istio, dynamicStableScale: true, scaleDownDelaySeconds: 1 }),
    'spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
  ],
  [
    'a maximum weight with Istio',
    canary({ trafficRouting: { ...istio, maxTrafficWeight: 1000 } }),
    'spec.strategy.trafficRouting.maxTrafficWeight: Invalid value: 1000: MaxTrafficWeight can only be used with Nginx and plugin-based traffic routers',
  ],
  ['an empty step', step({}), `${steps0}: Invalid value: ${noMember}: ${wantsOne}`],
  [
    'a step with two actions',
    step({ setWeight: 5, pause: {} }),
    `${steps0}: Invalid value: ${noMember.replace('Pause: true', 'Pause: false').replace('SetWeight: true', 'SetWeight: false')}: ${wantsOne}`,
  ],
  [
    'a weight above 100',
    step({ setWeight: 101 }),
    `${steps0}.setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100`,
  ],
  [
    'a weight below 0',
    step({ setWeight: -1 }),
    `${steps0}.setWeight: Invalid value: -1: SetWeight needs to be between 0 and 100`,
  ],
  [
    'a weight above the maximum',
    step({ setWeight: 1001 }, { ...services, trafficRouting: { ...nginx, maxTrafficWeight: 1000 } }),
    `${steps0}.setWeight: Invalid value: 1001: SetWeight needs to be between 0 and 1000`,
  ],
  [
    'a pause that is no duration',
    step({ pause: { duration: '5 fortnights' } }),
    `${steps0}.pause.duration: Invalid value: "5 fortnights": time: unknown unit " fortnights" in duration "5 fortnights": the units are s, m and h: write a duration such as 90s, 10m or 24h, or whole seconds such as 90`,
  ],
  [
    'a negative pause',
    step({ pause: { duration: '-90s' } }),
    `${steps0}.pause.duration: Invalid value: -90: Duration needs to be greater than 0`,
  ],
  [
    'a canary scale without router',
    step({ setCanaryScale: { replicas: 1 } }),
    'spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set',
  ],
  [
    'a header route without router',
    step({ setHeaderRoute: { name: 'r' } }),
    `${steps0}.setHeaderRoute: Invalid value: {"name":"r"}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix`,
  ],
  [
    'a header route with nginx',
    step({ setHeaderRoute: { name: 'r' } }, { ...services, trafficRouting: nginx }),
    `${steps0}.setHeaderRoute: Invalid value: {"name":"r"}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix`,
  ],
  [
    'a header without value',
    step(header(), { trafficRouting: managed(istio) }),
    `${steps0}.setHeaderRoute.match[0].headerValue: Invalid value: null: ${oneMatcher}`,
  ],
  [
    'a header with two values',
    step(header({ exact: 'a', prefix: 'b' }), { trafficRouting: managed(istio) }),
    `${steps0}.setHeaderRoute.match[0].headerValue: Invalid value: {"exact":"a","prefix":"b"}: ${oneMatcher}`,
  ],
  [
    'a header prefix with ALB',
    step(header({ prefix: 'b' }), { ...services, trafficRouting: managed(alb) }),
    `${steps0}.setHeaderRoute.match[0].headerValue: Invalid value: {"prefix":"b"}: ALB supports only exact`,
  ],
  [
    'a header route that is not managed',
    step(header({ exact: 'a' }), { trafficRouting: istio }),
    `${steps0}.setHeaderRoute: Invalid value: "r": Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes`,
  ],
  [
    'a mirror route with ALB',
    step({ setMirrorRoute: { name: 'r' } }, { ...services, trafficRouting: managed(alb) }),
    `${steps0}.setMirrorRoute: Invalid value: {"name":"r"}: SetMirrorRoute requires TrafficRouting, supports Istio and plugins`,
  ],
  [
    'a mirrored method without matcher',
    step(mirror({ method: {} }), { trafficRouting: managed(istio) }),
    `${steps0}.setMirrorRoute.match[0].method: Invalid value: {}: ${oneMatcher}`,
  ],
  [
    'a mirrored path with two matchers',
    step(mirror({ path: { exact: '/', regex: '.' } }), { trafficRouting: managed(istio) }),
    `${steps0}.setMirrorRoute.match[0].path: Invalid value: {"exact":"/","regex":"."}: ${oneMatcher}`,
  ],
  [
    'a mirror route that is not managed',
    step({ setMirrorRoute: { name: 'x' } }, { trafficRouting: managed(istio) }),
    `${steps0}.setMirrorRoute: Invalid value: "x": Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes`,
  ],
  [
    'an experiment weight without router',
    step({
      experiment: {
        templates: [
          { name: 'a', specRef: 'canary' },
          { name: 'b', specRef: 'stable', weight: 5 },
        ],
      },
    }),
    `${steps0}.experiment.templates[1].weight: Invalid value: 5: Experiment template weight cannot be set unless TrafficRouting is enabled`,
  ],
  [
    'an experiment weight with nginx',
    step(
      { experiment: { templates: [{ name: 'a', specRef: 'canary', weight: 0 }] } },
      { ...services, trafficRouting: nginx },
    ),
    `${steps0}.experiment.templates[0].weight: Invalid value: 0: Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time`,
  ],
  [
    'an argument from a field that is none',
    step({ analysis: { args: fieldRef('metadata.color') } }),
    `${steps0}.analysis.args[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.color": unsupported fieldPath: metadata.color`,
  ],
  [
    'an experiment argument from a label that is none',
    step({ experiment: { analyses: [{ name: 'a', templateName: 't', args: fieldRef("metadata.labels['a b']") }] } }),
    `${steps0}.experiment.analyses[0].args[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.labels['a b']": unsupported fieldPath: metadata.labels['a b']`,
  ],
];

describe('a Rollout', () => {
  it.each(broken)('with %s is invalid', (_what, spec, message) => {
    expect(messageOf(spec)).toBe(message);
  });

  it('has at least forty ways to be wrong', () => {
    expect(broken.length).toBeGreaterThanOrEqual(40);
    expect(new Set(broken.map(([what]) => what)).size).toBe(broken.length);
  });

  it('is told its first error only', () => {
    expect(messageOf(rollout({ replicas: -1, strategy: {}, minReadySeconds: -1 }))).toMatch(/^spec\.replicas:/);
    expect(messageOf(canary({ steps: [{ setWeight: 5 }, {}, { setWeight: 500 }] }))).toMatch(
      /^spec\.strategy\.steps\[1\]:/,
    );
  });

  it('may leave everything but selector, template and strategy out', () => {
    expect(messageOf(rollout({}))).toBeUndefined();
    expect(messageOf(blueGreen({}))).toBeUndefined();
  });

  it('may take its template from a workload, whose labels count then', () => {
    const template = { metadata: { labels: { app: 'shop' } } };
    const referring = rollout({ workloadRef: ref, template: undefined, selector: undefined });
    expect(messageOf(referring)).toBeUndefined();
    expect(messageOf(referring, template)).toBeUndefined();
    expect(messageOf(rollout({ workloadRef: ref, template: { spec: { containers: [] } } }), template)).toBeUndefined();
    expect(
      messageOf(rollout({ workloadRef: ref, template: undefined }), { metadata: { labels: { app: 'x' } } }),
    ).toMatch(/^spec\.template\.metadata\.labels: Invalid value: {"app":"x"}/);
  });

  it('may use all that its router can do', () => {
    const plugins = { plugins: { 'org/router': {} }, managedRoutes: [{ name: 'r' }], maxTrafficWeight: 1000 };
    for (const valid of [
      step({ setWeight: 1000 }, { trafficRouting: plugins }),
      step({ setWeight: 100 }, { trafficRouting: plugins }),
      step({ setCanaryScale: { weight: 200 } }, { trafficRouting: plugins }),
      step(header({ regex: 'a' }), { trafficRouting: plugins }),
      step(mirror({ headers: { h: {} } }), { trafficRouting: managed(istio) }),
      step({ pause: { duration: 0 } }),
      step({ plugin: { name: 'org/step' } }),
      step({ experiment: { templates: [{ name: 'a', specRef: 'canary' }] } }),
      step({
        analysis: {
          templates: [{ templateName: 't' }],
          args: [...fieldRef('metadata.name'), ...fieldRef("metadata.labels['a.b/c']"), ...fieldRef('spec.replicas')],
        },
      }),
      canary({ trafficRouting: istio, scaleDownDelaySeconds: 5 }),
      canary({
        trafficRouting: { alb: { ...alb.alb, rootService: 'root' } },
        pingPong: { pingService: 'a', pongService: 'b' },
      }),
      canary({ antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } }),
    ])
      expect(messageOf(valid)).toBeUndefined();
  });

  it.each(moments.map((moment) => [moment.name, moment] as const))(
    'of the recorded moment %s is valid',
    (_name, moment) => {
      expect(validateRollout(moment.rollout, moment.template)).toBeUndefined();
    },
  );

  it('gets the very messages that were recorded from the reference', () => {
    const recorded = recording('invalid-specs').checkpoints['each says what is wrong']?.Rollout ?? {};
    const one = (name: string, strategy: CanaryStrategy, spec: Partial<RolloutSpec> = {}) =>
      rollout({ strategy: { canary: strategy }, ...spec }, name);
    const rollouts = [
      one('deadline-below-min-ready', {}, { progressDeadlineSeconds: 5, minReadySeconds: 10 }),
      one('empty-step', { steps: [{}] }),
      rollout({ strategy: {} }, 'no-strategy'),
      one('router-without-services', { trafficRouting: { nginx: { stableIngress: 'x' } } }),
      one('same-service', { stableService: 'a', canaryService: 'a' }),
      one('selector-mismatch', {}, { selector: { matchLabels: { app: 'other' } } }),
      one('weight-above-100', { steps: [{ setWeight: 101 }] }),
      one('zero-surge', { maxSurge: 0, maxUnavailable: 0 }),
    ];
    for (const each of rollouts) {
      const error = validateRollout(each);
      expect(`InvalidSpec: ${error && invalidSpecMessage(each.metadata.name, error)}`).toBe(
        recorded[each.metadata.name]?.status.message,
      );
    }
  });
});
