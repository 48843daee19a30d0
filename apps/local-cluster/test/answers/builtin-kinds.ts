// Requests about built-in kinds. In order: later ones find what earlier ones made.
import type { Asked } from './requests.ts';
import { apps, core, del, get, NS, patch, post, put } from './requests.ts';

const labels = { a: 'b' };
const container = { name: 'a', image: 'x' };
const template = (spec: object, metadata: object = { labels }): object => ({ metadata, spec });
const deployment = (name: string, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec,
});
const replicaSet = (name: string, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name },
  spec,
});
const podTemplate = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  metadata: { name },
  template: template(spec),
});
const service = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec,
});
const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

const everything = {
  securityContext: {},
  serviceAccountName: 'z',
  volumes: [
    { name: 'v', emptyDir: {} },
    { name: 'n' },
    { name: 'c', configMap: { name: 'x' } },
    { name: 's', secret: { secretName: 'q' } },
    { name: 'd', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] } },
    { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
    { name: 'h', hostPath: { path: '/x' } },
  ],
  initContainers: [
    { name: 'i', image: 'x:1' },
    { name: 'j', image: 'r.io:5000/x:latest' },
    { name: 'k', image: 'r.io:5000/x' },
    { name: 'l', image: 'x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' },
  ],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'x', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: {} } },
  ],
  nodeSelector: {},
  tolerations: [],
  containers: [
    {
      ...container,
      args: [],
      env: [
        { name: 'A', value: '' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      ports: [{ containerPort: 80, hostPort: 0, name: '' }],
      resources: {
        requests: { cpu: 0.5, memory: '1024Mi' },
        limits: { cpu: 2, memory: '1.5Gi', 'ephemeral-storage': '1e3' },
      },
      livenessProbe: { httpGet: { port: 80, path: '' }, initialDelaySeconds: 0 },
      readinessProbe: { tcpSocket: { port: 80 } },
      startupProbe: { grpc: { port: 80 } },
      lifecycle: { preStop: { httpGet: { port: 80 } } },
      securityContext: { readOnlyRootFilesystem: false },
      stdin: false,
      volumeMounts: [{ name: 'v', mountPath: '/x', readOnly: false }],
    },
  ],
};

export const builtinKinds: readonly Asked[] = [
  post('make a namespace', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } }),
  post('fill in a pod template', `${core}/podtemplates`, podTemplate('everything', everything)),
  get('show a pod template', `${core}/podtemplates/everything`),
  post(
    'fill in a Deployment',
    `${apps}/deployments?dryRun=All`,
    deployment('dry', {
      selector: { matchLabels: labels },
      minReadySeconds: 0,
      template: template({ containers: [container] }),
    }),
  ),
  post(
    'fill in a ReplicaSet',
    `${apps}/replicasets`,
    replicaSet('rs', {
      replicas: 0,
      selector: { matchLabels: labels },
      template: template({ containers: [container] }),
    }),
  ),
  post('fill in a Service', `${core}/services`, service('svc', { selector: labels, ports: [{ port: 80 }] })),
  post('fill in an Ingress', `/apis/networking.k8s.io/v1/namespaces/${NS}/ingresses`, {
    metadata: { name: 'ing' },
    spec: {
      rules: [
        {
          host: 'x',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'a', port: { number: 80 } } } }],
          },
        },
      ],
    },
  }),
  post(
    'fill in a HorizontalPodAutoscaler',
    `/apis/autoscaling/v2/namespaces/${NS}/horizontalpodautoscalers?dryRun=All`,
    {
      metadata: { name: 'hpa' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 't' } },
    },
  ),
  post('keep a secret', `${core}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sec' },
    stringData: { a: 'b' },
  }),
  post('keep a config map', `${core}/configmaps`, configMap('cm', { data: { a: 'b' } })),
  post('make it again', `${core}/configmaps`, configMap('cm', { data: { a: 'b' } })),
  // Wrong types and unknown fields
  post('take text for a number', `${apps}/deployments`, deployment('x', { replicas: 'x' })),
  post(
    'take a number for text',
    `${apps}/deployments`,
    deployment('x', { template: { spec: { containers: [{ image: 3 }] } } }),
  ),
  post(
    'take an object for a list',
    `${apps}/deployments`,
    deployment('x', { template: { spec: { containers: { image: 3 } } } }),
  ),
  post('take numbers for labels', `${core}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', labels: { a: 3 } },
  }),
  post('take a number for data', `${core}/configmaps`, configMap('x', { data: { a: 3 } })),
  post(
    'take what is no quantity',
    `${core}/podtemplates`,
    podTemplate('x', { containers: [{ ...container, resources: { limits: { cpu: 'abc' } } }] }),
  ),
  post(
    'be strict about unknown fields',
    `${apps}/deployments?fieldValidation=Strict`,
    deployment('x', { foo: 'x', template: { spec: { containers: [{ imagee: 3 }] } } }),
  ),
  post(
    'warn about unknown fields',
    `${core}/configmaps?fieldValidation=Warn&dryRun=All`,
    configMap('x', { foo: { bar: 1 } }),
  ),
  post(
    'ignore unknown fields',
    `${core}/configmaps?fieldValidation=Ignore&dryRun=All`,
    configMap('x', { foo: { bar: 1 } }),
  ),
  // Invalid objects
  post(
    'make a Deployment without a selector',
    `${apps}/deployments`,
    deployment('x', { template: { spec: { containers: [{ image: 'a' }] } } }),
  ),
  post(
    'make a Deployment whose selector misses',
    `${apps}/deployments`,
    deployment('x', { selector: { matchLabels: labels }, template: { spec: { containers: [container] } } }),
  ),
  post(
    'make a ReplicaSet that is wrong in many ways',
    `${apps}/replicasets`,
    replicaSet('x', {
      replicas: -1,
      selector: { matchLabels: labels },
      template: template(
        {
          restartPolicy: 'Never',
          containers: [
            { image: 'a', name: 'b' },
            { image: 'a', name: 'b' },
            {
              name: 'A_B',
              ports: [
                { containerPort: 0 },
                { containerPort: 80, name: 'x' },
                { containerPort: 81, name: 'x', protocol: 'FOO' },
              ],
            },
          ],
        },
        { labels: { a: 'c' } },
      ),
    }),
  ),
  post(
    'make a ReplicaSet without containers',
    `${apps}/replicasets`,
    replicaSet('x', { selector: { matchLabels: labels }, template: template({}) }),
  ),
  post(
    'make a pod template with bad probes and volumes',
    `${core}/podtemplates`,
    podTemplate('x', {
      containers: [
        {
          ...container,
          livenessProbe: {},
          readinessProbe: { httpGet: { port: 'foo_bar' }, tcpSocket: { port: 80 }, periodSeconds: -1 },
        },
      ],
      volumes: [{ name: 'a' }, { name: 'a', secret: {} }, { name: 'B', configMap: { name: 'x' }, emptyDir: {} }],
    }),
  ),
  post(
    'make a pod template with bad containers',
    `${core}/podtemplates`,
    podTemplate('x', {
      restartPolicy: 'X',
      dnsPolicy: 'Y',
      containers: [
        { name: '', image: 'a' },
        {
          image: '',
          name: 'c',
          imagePullPolicy: 'Z',
          volumeMounts: [{ name: 'q', mountPath: '' }],
          env: [{ name: '' }],
        },
      ],
    }),
  ),
  post(
    'ask for more than the limit',
    `${core}/podtemplates`,
    podTemplate('x', { containers: [{ ...container, resources: { requests: { cpu: 2 }, limits: { cpu: '1' } } }] }),
  ),
  post('make a pod template without anything', `${core}/podtemplates`, {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'x' },
  }),
  post('make a Job that restarts for ever', `/apis/batch/v1/namespaces/${NS}/jobs`, {
    metadata: { name: 'x' },
    spec: { template: { spec: { containers: [container] } } },
  }),
  post('use a bad name', `${core}/configmaps`, configMap('Foo_x')),
  post('use a bad name for a Service', `${core}/services`, service('1foo', { ports: [{ port: 80 }] })),
  post('use bad labels', `${core}/configmaps`, { metadata: { name: 'x', labels: { 'a b': 'c d' } } }),
  post('use no name', `${core}/configmaps`, { metadata: {} }),
  post('use bad owners and finalizers', `${core}/configmaps`, {
    metadata: { name: 'x', ownerReferences: [{ kind: 'A' }], finalizers: ['foo bar'] },
  }),
  post('make a Service without ports', `${core}/services`, service('x', {})),
  post(
    'make a Service with bad ports',
    `${core}/services`,
    service('x', { ports: [{ port: 0 }, { port: 70000, protocol: 'X' }, { port: 80, targetPort: 'Foo_' }] }),
  ),
  post('make an Ingress without rules', `/apis/networking.k8s.io/v1/namespaces/${NS}/ingresses`, {
    metadata: { name: 'x' },
    spec: {},
  }),
  post('make an Ingress without a path type', `/apis/networking.k8s.io/v1/namespaces/${NS}/ingresses`, {
    metadata: { name: 'x' },
    spec: { rules: [{ http: { paths: [{ path: 'foo', backend: { service: { name: 'x' } } }] } }] },
  }),
  post('make something in a namespace that is not there', '/api/v1/namespaces/nope/configmaps', configMap('x')),
  post('set a resourceVersion on something new', `${core}/configmaps`, {
    metadata: { name: 'x', resourceVersion: '7' },
  }),
  // Bodies that are none
  post('make a pod of nothing', `${core}/pods`, {}),
  post('make a pod of a name', `${core}/pods`, { metadata: { name: 'a' } }),
  post('make a pod in another namespace', `${core}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'zz' },
  }),
  {
    to: 'read broken JSON',
    method: 'POST',
    path: `${core}/pods`,
    body: '{"a',
    loosely: 'the parser has its own words',
  },
  {
    to: 'read an unknown format',
    method: 'POST',
    path: `${core}/pods`,
    body: '{}',
    contentType: 'application/foo',
    loosely: 'protobuf is not read',
  },
  post(
    'take another kind',
    `${core}/pods`,
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } },
    { loosely: 'Go types are not named' },
  ),
  // Updates
  put('replace another object', `${core}/configmaps/cm`, configMap('a')),
  put('replace an old version', `${core}/configmaps/cm`, { metadata: { name: 'cm', resourceVersion: '1' } }),
  put('replace what is not there', `${core}/configmaps/nope`, configMap('nope')),
  put('replace data', `${core}/configmaps/cm`, configMap('cm', { data: { c: 'd' } })),
  put(
    'replace a Service without its address',
    `${core}/services/svc`,
    service('svc', { selector: labels, ports: [{ port: 81 }] }),
  ),
  patch('merge', 'move a Service to another address', `${core}/services/svc`, { spec: { clusterIP: '10.96.0.77' } }),
  patch('merge', 'change a selector', `${apps}/replicasets/rs`, {
    spec: { selector: { matchLabels: { x: 'y' } }, template: { metadata: { labels: { x: 'y' } } } },
  }),
  patch('json', 'test a value that differs', `${apps}/replicasets/rs`, [
    { op: 'test', path: '/spec/replicas', value: 7 },
  ]),
  patch('json', 'test a value and change it', `${apps}/replicasets/rs`, [
    { op: 'test', path: '/spec/replicas', value: 0 },
    { op: 'add', path: '/metadata/labels', value: { p: 'q' } },
  ]),
  patch('json', 'remove what is not there', `${apps}/replicasets/rs`, [{ op: 'remove', path: '/spec/nope' }]),
  patch('json', 'replace below what is not there', `${apps}/replicasets/rs`, [
    { op: 'replace', path: '/spec/nope/x', value: 1 },
  ]),
  patch('json', 'patch by an object', `${apps}/replicasets/rs`, { a: 1 }),
  patch(
    'merge',
    'patch text into a number',
    `${apps}/replicasets/rs`,
    { spec: { replicas: 'x' } },
    { loosely: 'managedFields are in the text' },
  ),
  patch('strategic-merge', 'merge containers by name', `${apps}/replicasets/rs`, {
    spec: { template: { spec: { containers: [{ name: 'b', image: 'y:1', env: [{ name: 'E', value: '1' }] }] } } },
  }),
  patch('strategic-merge', 'merge a container’s env by name', `${apps}/replicasets/rs`, {
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: 'b',
              env: [
                { name: 'F', value: '2' },
                { name: 'E', $patch: 'delete' },
              ],
            },
          ],
        },
      },
    },
  }),
  patch('strategic-merge', 'order what is merged', `${apps}/replicasets/rs`, {
    spec: {
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
          containers: [{ name: 'b', image: 'y:2' }],
        },
      },
    },
  }),
  patch('strategic-merge', 'remove a container', `${apps}/replicasets/rs`, {
    spec: { template: { spec: { containers: [{ name: 'b', $patch: 'delete' }] } } },
  }),
  patch('strategic-merge', 'replace a list', `${apps}/replicasets/rs`, {
    spec: { template: { spec: { containers: [{ $patch: 'replace' }, { name: 'c', image: 'z:1' }] } } },
  }),
  patch('strategic-merge', 'delete finalizers from their list', `${apps}/replicasets/rs`, {
    metadata: { finalizers: ['x.io/a', 'x.io/b'] },
  }),
  patch('strategic-merge', 'delete one of the finalizers', `${apps}/replicasets/rs`, {
    metadata: { '$deleteFromPrimitiveList/finalizers': ['x.io/a', 'x.io/b'] },
  }),
  patch('strategic-merge', 'retain keys', `${core}/podtemplates/everything`, {
    template: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/y' } }] } },
  }),
  patch(
    'strategic-merge',
    'be strict about an unknown field in a patch',
    `${apps}/replicasets/rs?fieldValidation=Strict`,
    { spec: { foo: 'x' } },
    { loosely: 'the text holds the result, not the patch' },
  ),
  patch('merge', 'patch an old version', `${apps}/replicasets/rs`, { metadata: { resourceVersion: '1' } }),
  patch('merge', 'rename', `${apps}/replicasets/rs`, { metadata: { name: 'zz' } }),
  patch('merge', 'patch what is not there', `${apps}/replicasets/nope`, { metadata: {} }),
  {
    to: 'apply without a manager',
    method: 'PATCH',
    path: `${apps}/replicasets/rs`,
    body: '{}',
    contentType: 'application/apply-patch+yaml',
  },
  patch('merge', 'scale down below nothing', `${apps}/replicasets/rs/scale`, { spec: { replicas: -1 } }),
  patch('merge', 'scale', `${apps}/replicasets/rs/scale`, { spec: { replicas: 0 } }),
  get('show a scale', `${apps}/replicasets/rs/scale`),
  // Reads
  get('read a selector that is none', `${core}/pods?labelSelector=a%20in`),
  get('select by an unknown field', `${core}/pods?fieldSelector=spec.foo%3Da`),
  get('go on from nowhere', `${core}/pods?limit=1&continue=zzz`, { loosely: 'the parser has its own words' }),
  get('match a version without one', `${core}/pods?resourceVersionMatch=Exact`),
  get('list a version that is none', `${core}/pods?resourceVersion=abc`),
  get('show what is not there', `${core}/pods/nope`),
  get('list an unknown kind', `${core}/foos`),
  get('show an unknown subresource', `${core}/pods/nope/foo`),
  get('list nothing', `${core}/pods?labelSelector=none%3Dhere`, { loosely: 'the version of the list differs' }),
  { to: 'post to an object', method: 'POST', path: `${core}/pods/p1`, body: '{}' },
  { to: 'put to a list', method: 'PUT', path: `${core}/pods`, body: '{}' },
  get('show an old version of a group', '/apis/apps/v2'),
  get('show metadata only', `${core}/configmaps/cm`, {
    accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  }),
  // Deletes
  del('delete another object', `${core}/configmaps/cm`, { preconditions: { uid: 'x' } }),
  del('delete an old version', `${core}/configmaps/cm`, { preconditions: { resourceVersion: '1' } }),
  del('delete by an unknown policy', `${core}/configmaps/cm?propagationPolicy=Foo`),
  del('delete', `${core}/configmaps/cm`),
  del('delete again', `${core}/configmaps/cm`),
  del('delete none of many', `${core}/secrets?labelSelector=q%3Dr`),
  post(
    'ask whether it may',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
    { loosely: 'the reason differs' },
  ),
];
