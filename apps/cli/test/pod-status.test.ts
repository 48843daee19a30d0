import type { Pod } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { podIcon, podStatus } from '../src/view/pod-status.ts';

describe('a pod', () => {
  const pod = (status: Pod['status'], more: Partial<Pod> & { deleted?: boolean } = {}): Pod => ({
    metadata: { name: 'p', ...(more.deleted === true ? { deletionTimestamp: '2026-11-21T09:34:46Z' } : {}) },
    spec: { containers: [{ name: 'a' }, { name: 'b' }], ...more.spec },
    status,
  });
  const container = (state: object, more = {}) => ({
    name: 'a',
    ready: false,
    restartCount: 0,
    state: state as never,
    ...more,
  });
  const withInit = { spec: { containers: [{ name: 'a' }], initContainers: [{ name: 'i' }, { name: 'j' }] } };

  const cases: [status: string, icon: string, pod: Pod][] = [
    ['Pending', '◌', pod({ phase: 'Pending' })],
    ['Running', '✔', pod({ phase: 'Running', containerStatuses: [container({ running: {} }, { ready: true })] })],
    [
      'ContainerCreating',
      '◌',
      pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] }),
    ],
    [
      'CrashLoopBackOff',
      '✖',
      pod({ phase: 'Running', containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } })] }),
    ],
    [
      'ImagePullBackOff',
      '⚠',
      pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ImagePullBackOff' } })] }),
    ],
    [
      'ErrImagePull',
      '⚠',
      pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ErrImagePull' } })] }),
    ],
    [
      'CreateContainerConfigError',
      '⚠',
      pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'CreateContainerConfigError' } })] }),
    ],
    [
      'Error',
      '⚠',
      pod({ phase: 'Failed', containerStatuses: [container({ terminated: { reason: 'Error', exitCode: 1 } })] }),
    ],
    ['ExitCode:3', '✖', pod({ phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 3 } })] })],
    [
      'Signal:9',
      '✖',
      pod({ phase: 'Failed', containerStatuses: [container({ terminated: { signal: 9, exitCode: 137 } })] }),
    ],
    [
      'Completed',
      '✔',
      pod({ phase: 'Succeeded', containerStatuses: [container({ terminated: { reason: 'Completed', exitCode: 0 } })] }),
    ],
    ['Terminating', '◌', pod({ phase: 'Running' }, { deleted: true })],
    ['Evicted', '✖', pod({ phase: 'Failed', reason: 'Evicted' })],
    ['Unknown', '?', pod({ phase: 'Running', reason: 'NodeLost' }, { deleted: true })],
    [
      'Init:0/2',
      '◌',
      pod({ phase: 'Pending', initContainerStatuses: [container({ running: {} }, { name: 'i' })] }, withInit),
    ],
    [
      'Init:1/2',
      '◌',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [
            container({ terminated: { exitCode: 0 } }, { name: 'i' }),
            container({ waiting: { reason: 'PodInitializing' } }, { name: 'j' }),
          ],
        },
        withInit,
      ),
    ],
    [
      'Init:ExitCode:1',
      '✖',
      pod(
        { phase: 'Pending', initContainerStatuses: [container({ terminated: { exitCode: 1 } }, { name: 'i' })] },
        withInit,
      ),
    ],
    [
      'Init:CrashLoopBackOff',
      '✖',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } }, { name: 'i' })],
        },
        withInit,
      ),
    ],
  ];
  it.each(cases)('is %s %s', (status, icon, subject) => {
    expect(podStatus(subject).status).toBe(status);
    expect(podIcon(status)).toBe(icon);
  });

  it('counts ready containers and restarts', () => {
    const containerStatuses = [
      container({ running: {} }, { ready: true, restartCount: 2 }),
      container({ running: {} }, { name: 'b', restartCount: 1 }),
    ];
    expect(podStatus(pod({ phase: 'Running', containerStatuses }))).toMatchObject({
      readyContainers: 1,
      totalContainers: 2,
      restarts: 3,
    });
  });
  it('counts sidecars, which are init containers that keep running', () => {
    const spec = { containers: [{ name: 'a' }], initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] };
    const status = {
      phase: 'Running',
      initContainerStatuses: [container({ running: {} }, { name: 'proxy', ready: true, started: true })],
      containerStatuses: [container({ running: {} }, { ready: true })],
    };
    expect(podStatus(pod(status, { spec }))).toMatchObject({
      status: 'Running',
      readyContainers: 2,
      totalContainers: 2,
    });
  });
});
