// The HorizontalPodAutoscaler controller without metrics: it holds its target's size between minReplicas and maxReplicas, and no more.
import type { KubeObject } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import { keyOf } from '../base/object-cache.ts';
import type { Condition } from '../base/pod.ts';
import { conditionOf } from '../base/pod.ts';
import { autoscalers as resource } from '../base/resources.ts';
import { timestamp } from '../base/time.ts';
import { followResources, resourceOfKind } from '../garbage/catalog.ts';

interface Autoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { apiVersion: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
  };
  status?: {
    conditions?: Condition[];
    currentReplicas?: number;
    desiredReplicas?: number;
    lastScaleTime?: string;
    observedGeneration?: number;
  };
}

type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

export function startAutoscaler(context: Context): void {
  const { store, loop, clock } = context;
  const autoscalers = context.cache<Autoscaler>(resource);
  const recorder = context.recorder('horizontal-pod-autoscaler');

  const enqueue = loop.controller('autoscaler', (key) => {
    const autoscaler = autoscalers.get(key);
    if (!autoscaler) return undefined;
    const target = targetOf(autoscaler);
    if (!target) {
      const { kind, name } = autoscaler.spec.scaleTargetRef;
      const message = `the HPA controller was unable to get the target's current scale: ${kind} "${name}" not found`;
      writeStatus(
        autoscaler,
        { desiredReplicas: 0 },
        { AbleToScale: { status: 'False', reason: 'FailedGetScale', message } },
      );
      return undefined;
    }
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    const wanted = target.replicas === 0 ? 0 : Math.min(maxReplicas, Math.max(minReplicas, target.replicas));
    if (wanted !== target.replicas) rescale(autoscaler, target, wanted);
    const limited: Record<string, Finding> =
      wanted !== target.replicas ? { ScalingLimited: limit(wanted < target.replicas) } : {};
    writeStatus(
      autoscaler,
      {
        currentReplicas: target.current,
        desiredReplicas: wanted,
        ...(wanted === target.replicas ? {} : { lastScaleTime: timestamp(clock.now()) }),
      },
      {
        AbleToScale: {
          status: 'True',
          reason: 'SucceededGetScale',
          message: "the HPA controller was able to get the target's current scale",
        },
        ScalingActive:
          wanted === 0
            ? {
                status: 'False',
                reason: 'ScalingDisabled',
                message: 'scaling is disabled since the replica count of the target is zero',
              }
            : {
                status: 'False',
                reason: 'FailedGetResourceMetric',
                message: 'the local cluster has no metrics: only minReplicas and maxReplicas are held',
              },
        ...limited,
      },
    );
    return undefined;
  });

  interface Target {
    readonly object: KubeObject;
    readonly path: readonly string[];
    readonly resource: NonNullable<ReturnType<typeof resourceOfKind>>;
    readonly replicas: number;
    readonly current: number;
  }

  function targetOf({ metadata, spec: { scaleTargetRef } }: Autoscaler): Target | undefined {
    const target = resourceOfKind(store, scaleTargetRef.apiVersion, scaleTargetRef.kind);
    const scale = target && store.registry.byKey(target.group, target.resource)?.scale;
    const object = target && store.get(target, metadata.namespace, scaleTargetRef.name);
    if (!target || !scale || !object) return undefined;
    const path = steps(scale.specReplicas);
    // An absent spec.replicas means 1 for the kinds that scale.
    return {
      object,
      path,
      resource: target,
      replicas: at(object, path) ?? 1,
      current: at(object, steps(scale.statusReplicas)) ?? 0,
    };
  }

  function rescale(autoscaler: Autoscaler, { object, path, resource: target }: Target, wanted: number): void {
    const changed = structuredClone(object);
    const parent = path
      .slice(0, -1)
      .reduce<Record<string, unknown>>((o, step) => (o[step] ??= {}) as Record<string, unknown>, changed);
    parent[path.at(-1)!] = wanted;
    store.update(target, changed, { subresource: 'scale' });
    recorder.record(
      autoscaler,
      'Normal',
      'SuccessfulRescale',
      `New size: ${wanted}; reason: Current number of replicas ${wanted < at(object, path)! ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'}`,
    );
  }

  function writeStatus(
    autoscaler: Autoscaler,
    counts: NonNullable<Autoscaler['status']>,
    found: Readonly<Record<string, Finding>>,
  ): void {
    const now = timestamp(clock.now());
    const before = autoscaler.status?.conditions;
    const conditions = Object.entries(found).map(([type, finding]): Condition => {
      const known = conditionOf(before, type);
      return {
        type,
        ...finding,
        lastTransitionTime: known?.status === finding.status ? known.lastTransitionTime! : now,
      };
    });
    const { namespace, name } = autoscaler.metadata;
    const edit = (draft: KubeObject): void =>
      void (draft.status = { ...draft.status, ...counts, conditions, currentMetrics: null });
    store.modify(resource, namespace, name, edit, { subresource: 'status' });
  }

  autoscalers.onChange((now) => now && enqueue(keyOf(now)));
  autoscalers.start();
  followResources(context, (target) => {
    if (!store.registry.byKey(target.group, target.resource)?.scale) return;
    const unsubscribe = store.subscribe(target, ({ object }) => {
      for (const autoscaler of autoscalers.inNamespace(object.metadata.namespace ?? '')) {
        const { kind, name } = autoscaler.spec.scaleTargetRef;
        if (kind === object.kind && name === object.metadata.name) enqueue(keyOf(autoscaler));
      }
    });
    context.onStop(unsubscribe);
    for (const autoscaler of autoscalers.all()) enqueue(keyOf(autoscaler));
  });
}

const steps = (path: string): string[] => path.split('.').filter(Boolean);

function at(object: KubeObject, path: readonly string[]): number | undefined {
  const value = path.reduce<unknown>((o, step) => (o as Record<string, unknown> | undefined)?.[step], object);
  return typeof value === 'number' ? value : undefined;
}

const limit = (tooMany: boolean): Finding =>
  tooMany
    ? {
        status: 'True',
        reason: 'TooManyReplicas',
        message: 'the desired replica count is more than the maximum replica count',
      }
    : {
        status: 'True',
        reason: 'TooFewReplicas',
        message: 'the desired replica count is less than the minimum replica count',
      };
