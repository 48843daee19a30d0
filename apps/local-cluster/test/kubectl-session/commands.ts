// A session with kubectl, in order: each command finds what earlier ones left. Every one is run by a shell in files/, with `session` as the
// namespace of the context; what is expected holds on the local cluster and on a real control plane alike.

export interface Command {
  readonly run: string;
  /** Every one has to be found in what is printed (output and errors); spaces count once. Empty: it only has to succeed. */
  readonly expect?: readonly (string | RegExp)[];
  readonly fails?: true;
  /**
   * How much of the output has to be as on a real control plane: all of it (if absent), everything in front of `Events:`, or nothing, because it
   * shows something that is the cluster's own.
   */
  readonly same?: 'before events' | 'not at all';
  /** Tried again for up to a minute until it is as expected: it shows what a controller does in its own time. */
  readonly eventually?: true;
}

const foos = '../../answers/foos.crd.yaml';
const crds = '../../../../../charts/sluice/crds';
const routers = '../../../../../tools/control-plane/routers.crds.yaml';

const look: Command[] = [
  { run: 'kubectl version --client', expect: [/Client Version: v/], same: 'not at all' },
  { run: 'kubectl get --raw /readyz', expect: ['ok'], same: 'not at all' },
  { run: 'kubectl api-versions', expect: [/^apps\/v1$/m, /^v1$/m, /^coordination.k8s.io\/v1$/m], same: 'not at all' },
  {
    run: 'kubectl api-resources',
    expect: ['deployments deploy apps/v1 true Deployment', 'namespaces ns v1 false Namespace'],
    same: 'not at all',
  },
  {
    run: 'kubectl api-resources --api-group=apps -o name',
    expect: ['deployments.apps', 'replicasets.apps'],
    same: 'not at all',
  },
  {
    run: 'kubectl api-resources --namespaced=false --verbs=list -o name',
    expect: ['namespaces', 'nodes'],
    same: 'not at all',
  },
  { run: 'kubectl cluster-info', expect: ['Kubernetes control plane is running at'], same: 'not at all' },
  { run: 'kubectl get nodes', expect: ['node-1 Ready'], same: 'not at all' },
  { run: 'kubectl auth can-i create deployments', expect: ['yes'] },
  { run: 'kubectl auth can-i "*" "*" --all-namespaces', expect: ['yes'] },
  { run: 'kubectl auth whoami', expect: ['admin'], same: 'not at all' },
  { run: 'kubectl create namespace session', expect: ['namespace/session created'] },
  { run: 'kubectl create namespace session', expect: ['AlreadyExists'], fails: true },
  { run: 'kubectl get namespace session', expect: ['session Active'] },
  { run: 'kubectl get pods', expect: ['No resources found in session namespace.'] },
  { run: 'kubectl get serviceaccount default -o name', expect: ['serviceaccount/default'], eventually: true },
];

const create: Command[] = [
  { run: 'kubectl apply -f web.yaml --dry-run=server', expect: ['deployment.apps/web created (server dry run)'] },
  { run: 'kubectl apply -f web.yaml --dry-run=client', expect: ['service/web created (dry run)'] },
  { run: 'kubectl get deployment web', expect: ['NotFound'], fails: true },
  { run: 'kubectl apply -f web.yaml', expect: ['deployment.apps/web created', 'service/web created'] },
  { run: 'kubectl apply -f web.yaml', expect: ['deployment.apps/web unchanged', 'service/web unchanged'] },
  {
    run: 'kubectl rollout status deployment/web --timeout=60s',
    expect: ['successfully rolled out'],
    same: 'not at all',
  },
  {
    run: 'kubectl wait --for=condition=Available deployment/web --timeout=60s',
    expect: ['deployment.apps/web condition met'],
  },
  {
    run: 'kubectl wait --for=jsonpath={.status.readyReplicas}=2 deployment/web --timeout=60s',
    expect: ['condition met'],
  },
  { run: 'kubectl get deployment web', expect: ['NAME READY UP-TO-DATE AVAILABLE AGE', 'web 2/2 2 2'] },
  { run: 'kubectl get deployment web -o wide', expect: ['web web:1 app=web'] },
  {
    run: 'kubectl get deployment web -o yaml',
    expect: ['kind: Deployment', 'progressDeadlineSeconds: 600', 'imagePullPolicy: IfNotPresent'],
    same: 'not at all',
  },
  { run: 'kubectl get deployment web -o jsonpath="{.spec}"', expect: ['"maxSurge":"25%"'] },
  { run: 'kubectl get deployment web -o json | head -3', expect: ['"apiVersion": "apps/v1"'] },
  {
    run: `kubectl get deployment web -o jsonpath='{range .status.conditions[*]}{.type}={.status}{"\\n"}{end}' | sort`,
    expect: ['Available=True', 'Progressing=True'],
  },
  { run: `kubectl get deploy web -o go-template='{{.metadata.name}} {{.spec.replicas}}'`, expect: ['web 2'] },
  {
    run: 'kubectl get deploy web -o custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image',
    expect: ['NAME IMAGE', 'web web:1'],
  },
  { run: 'kubectl get deploy,svc -o name', expect: ['deployment.apps/web', 'service/web'] },
  { run: 'kubectl get all -l app=web', expect: ['deployment.apps/web', 'replicaset.apps/web-', 'pod/web-'] },
  { run: 'kubectl get rs -l app=web', expect: ['NAME DESIRED CURRENT READY AGE'] },
  { run: 'kubectl get pods -l app=web --no-headers | wc -l', expect: ['2'] },
  {
    run: 'kubectl get pods -l app=web -o wide',
    expect: ['NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES'],
  },
  { run: 'kubectl get pods -A -l "app in (web,lone),!missing" --no-headers | wc -l', expect: ['2'] },
  { run: 'kubectl get pods -l "app notin (web)"', expect: ['No resources found'] },
  {
    run: 'kubectl get pods --field-selector status.phase=Running,spec.nodeName=node-1 --no-headers | wc -l',
    expect: ['2'],
  },
  { run: 'kubectl get pods --field-selector status.phase!=Running', expect: ['No resources found'] },
  {
    run: 'kubectl get pods --field-selector spec.colour=red',
    expect: ['field label not supported: spec.colour'],
    fails: true,
  },
  { run: 'kubectl get pods --sort-by=.metadata.creationTimestamp --no-headers | wc -l', expect: ['2'] },
  { run: 'kubectl get pods --chunk-size=1 --no-headers | wc -l', expect: ['2'] },
  { run: 'kubectl get svc web', expect: ['web ClusterIP', '80/TCP'] },
  {
    run: 'kubectl get endpointslices -l kubernetes.io/service-name=web -o jsonpath="{.items[0].endpoints[*].conditions.ready}"',
    expect: ['true true'],
    eventually: true,
  },
  { run: 'kubectl create deployment api --image=api:1 --replicas=1', expect: ['deployment.apps/api created'] },
  { run: 'kubectl create configmap made --from-literal=a=b', expect: ['configmap/made created'] },
  { run: 'kubectl create secret generic hidden --from-literal=a=b', expect: ['secret/hidden created'] },
  { run: 'kubectl get secret hidden -o jsonpath={.data.a}', expect: ['Yg=='] },
  { run: 'kubectl create serviceaccount robot', expect: ['serviceaccount/robot created'] },
  {
    run: 'kubectl create role reader --verb=get,list --resource=pods',
    expect: ['role.rbac.authorization.k8s.io/reader created'],
  },
  { run: 'kubectl create rolebinding reads --role=reader --serviceaccount=session:robot', expect: ['created'] },
  { run: 'kubectl expose deployment api --port=80', expect: ['service/api exposed'] },
  { run: 'kubectl run tool --image=tool:1 --restart=Never -- sleep 1', expect: ['pod/tool created'] },
  { run: 'kubectl create -f pod.yaml', expect: ['pod/lone created'] },
  { run: 'kubectl create -f pod.yaml', expect: ['AlreadyExists'], fails: true },
  { run: 'kubectl wait --for=condition=Ready pod/lone --timeout=60s', expect: ['pod/lone condition met'] },
  { run: 'kubectl get pod lone', expect: ['lone 1/1 Running 0'] },
  { run: 'kubectl get pod lone -o jsonpath={.spec.containers[0].resources}', expect: ['100m'] },
  { run: 'kubectl create -f job.yaml', expect: ['job.batch/once created'] },
  { run: 'kubectl wait --for=condition=Complete job/once --timeout=60s', expect: ['job.batch/once condition met'] },
  { run: 'kubectl get job once', expect: ['once Complete 1/1'] },
  { run: 'kubectl create -f nope.yaml', expect: ['does not exist'], fails: true },
];

const describe: Command[] = [
  {
    run: 'kubectl describe deployment web',
    expect: ['Replicas: 2 desired | 2 updated | 2 total | 2 available | 0 unavailable', 'StrategyType: RollingUpdate'],
    same: 'before events',
  },
  { run: 'kubectl describe pod lone', expect: ['Status: Running', 'Image: lone:1'], same: 'not at all' },
  { run: 'kubectl describe svc web', expect: ['TargetPort: http/TCP'], same: 'not at all' },
  { run: 'kubectl describe rs -l app=web', expect: ['Controlled By: Deployment/web'], same: 'before events' },
  { run: 'kubectl describe configmap made', expect: ['a:', 'b'], same: 'before events' },
  { run: 'kubectl describe namespace session', expect: ['Status: Active'] },
  { run: 'kubectl describe job once', expect: ['Succeeded'], same: 'not at all' },
  {
    run: 'kubectl get events --field-selector involvedObject.kind=Deployment,involvedObject.name=web',
    expect: ['ScalingReplicaSet', 'Scaled up replica set'],
    eventually: true,
  },
  { run: 'kubectl events --for deployment/web', expect: ['ScalingReplicaSet'], same: 'not at all' },
];

const change: Command[] = [
  { run: 'kubectl label deployment web tier=front', expect: ['deployment.apps/web labeled'] },
  { run: 'kubectl label deployment web tier=back', expect: ["'tier' already has a value (front)"], fails: true },
  { run: 'kubectl label deployment web tier=back --overwrite', expect: ['labeled'] },
  { run: 'kubectl label deployment web tier-', expect: ['unlabeled'] },
  { run: 'kubectl annotate deployment web note="a b"', expect: ['annotated'] },
  { run: 'kubectl annotate deployment web note-', expect: ['annotated'] },
  { run: 'kubectl scale deployment web --replicas=3', expect: ['deployment.apps/web scaled'] },
  {
    run: 'kubectl scale deployment web --replicas=1 --current-replicas=7',
    expect: ['Expected replicas to be 7, was 3'],
    fails: true,
  },
  { run: 'kubectl get deployment web -o jsonpath={.spec.replicas}', expect: ['3'] },
  { run: 'kubectl get deployment web --subresource=scale -o jsonpath={.spec.replicas}', expect: ['3'] },
  { run: 'kubectl get deployment web --subresource=status -o jsonpath={.kind}', expect: ['Deployment'] },
  {
    run: 'kubectl apply -f hpa.yaml',
    expect: ['horizontalpodautoscaler.autoscaling/web created'],
  },
  {
    run: 'kubectl get hpa web --no-headers -o custom-columns=REF:.spec.scaleTargetRef.name,MAX:.spec.maxReplicas',
    expect: ['web 4'],
  },
  { run: 'kubectl delete hpa web', expect: ['deleted'] },
  { run: 'kubectl apply -f web-v2.yaml', expect: ['deployment.apps/web configured', 'service/web unchanged'] },
  { run: 'kubectl diff -f web.yaml', expect: ['web:1'], fails: true, same: 'not at all' },
  { run: 'kubectl diff -f web-v2.yaml', expect: [] },
  {
    run: 'kubectl rollout status deployment/web --timeout=60s',
    expect: ['successfully rolled out'],
    same: 'not at all',
  },
  { run: 'kubectl rollout history deployment/web', expect: ['REVISION CHANGE-CAUSE', '2 <none>'] },
  { run: 'kubectl set image deployment/web web=web:3', expect: ['image updated'] },
  { run: 'kubectl set env deployment/web COLOUR=red', expect: ['env updated'] },
  { run: 'kubectl get deployment web -o jsonpath={.spec.template.spec.containers[0].env}', expect: ['COLOUR'] },
  { run: 'kubectl set resources deployment/web --limits=cpu=200m', expect: ['resource requirements updated'] },
  { run: 'kubectl rollout pause deployment/web', expect: ['paused'] },
  { run: 'kubectl rollout resume deployment/web', expect: ['resumed'] },
  { run: 'kubectl rollout restart deployment/web', expect: ['restarted'] },
  { run: 'kubectl rollout undo deployment/web --to-revision=1', expect: ['rolled back'] },
  {
    run: 'kubectl rollout status deployment/web --timeout=60s',
    expect: ['successfully rolled out'],
    same: 'not at all',
  },
  { run: 'kubectl get deployment web -o jsonpath={.spec.template.spec.containers[0].image}', expect: ['web:1'] },
  {
    run: `kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:4"}]}}}}'`,
    expect: ['patched'],
  },
  { run: 'kubectl get deployment web -o jsonpath={.spec.template.spec.containers[*].ports}', expect: ['8080'] },
  { run: `kubectl patch deployment web --type=merge -p '{"spec":{"replicas":2}}'`, expect: ['patched'] },
  {
    run: `kubectl patch deployment web --type=merge -p '{"spec":{"replicas":2}}'`,
    expect: ['patched (no change)'],
    // kubectl compares whole objects: while the Deployment controller writes its status, there is a change.
    eventually: true,
  },
  {
    run: `kubectl patch deployment web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1}]'`,
    expect: ['patched'],
  },
  {
    run: `kubectl patch deployment web --type=json -p '[{"op":"test","path":"/spec/replicas","value":9},{"op":"remove","path":"/spec/replicas"}]'`,
    expect: ['The request is invalid'],
    fails: true,
  },
  {
    run: `kubectl patch deployment web --type=merge -p '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}'`,
    expect: ['field is immutable'],
    fails: true,
  },
  {
    run: `kubectl patch deployment web --subresource=status --type=merge -p '{"status":{"collisionCount":7}}'`,
    expect: ['patched'],
  },
  {
    run: `kubectl patch pod lone --type=merge -p '{"spec":{"restartPolicy":"Never"}}'`,
    expect: ['pod updates may not change fields other than'],
    fails: true,
    same: 'not at all',
  },
  { run: `EDITOR="sed -i -e s/web:4/web:5/" kubectl edit deployment web`, expect: ['deployment.apps/web edited'] },
  { run: 'kubectl get deployment web -o jsonpath={.spec.template.spec.containers[0].image}', expect: ['web:5'] },
  { run: 'EDITOR=true kubectl edit deployment web', expect: ['Edit cancelled, no changes made.'] },
  {
    run: 'kubectl get deployment web -o yaml | sed "s/web:5/web:6/" | kubectl replace -f -',
    expect: ['deployment.apps/web replaced'],
    eventually: true,
  },
  { run: 'kubectl replace -f settings.yaml', expect: ['NotFound'], fails: true },
];

const apply: Command[] = [
  { run: 'kubectl apply --server-side -f settings.yaml', expect: ['configmap/settings serverside-applied'] },
  { run: 'kubectl apply --server-side -f settings-v2.yaml', expect: ['configmap/settings serverside-applied'] },
  { run: 'kubectl get configmap settings -o jsonpath={.data}', expect: ['{"one":"1","three":"3"}'] },
  { run: `kubectl patch configmap settings --type=merge -p '{"data":{"own":"x"}}'`, expect: ['patched'] },
  { run: 'kubectl apply --server-side -f settings.yaml', expect: ['serverside-applied'] },
  { run: 'kubectl get configmap settings -o jsonpath={.data}', expect: ['{"one":"1","own":"x","two":"2"}'] },
  {
    run: 'kubectl apply --server-side --field-manager=other --force-conflicts -f settings-v2.yaml',
    expect: ['serverside-applied'],
  },
  { run: 'kubectl get configmap settings -o jsonpath={.data.two}', expect: ['2'] },
  { run: 'kubectl apply -f parent.yaml', expect: ['created'] },
  { run: 'kubectl apply set-last-applied -f parent.yaml', expect: ['configured'], same: 'not at all' },
  { run: 'kubectl apply view-last-applied configmap/parent', expect: ['name: parent'], same: 'not at all' },
  {
    run: `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: typo}\\ndatas: {a: b}\\n' | kubectl apply -f -`,
    expect: ['unknown field "datas"'],
    fails: true,
  },
  {
    run: `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: Bad_Name}\\n' | kubectl apply -f -`,
    expect: ['a lowercase RFC 1123 subdomain'],
    fails: true,
  },
  {
    run: `printf 'apiVersion: v1\\nkind: Gadget\\nmetadata: {name: x}\\n' | kubectl apply -f -`,
    expect: ['no matches for kind "Gadget"'],
    fails: true,
  },
];

const custom: Command[] = [
  {
    run: `kubectl apply -f ${foos}`,
    expect: ['customresourcedefinition.apiextensions.k8s.io/foos.example.com created'],
  },
  { run: 'kubectl wait --for=condition=Established crd/foos.example.com --timeout=60s', expect: ['condition met'] },
  {
    run: 'kubectl api-resources --api-group=example.com',
    expect: ['foos fo example.com/v1 true Foo'],
    eventually: true,
  },
  { run: 'kubectl get foos', expect: ['No resources found'] },
  { run: 'kubectl apply -f foo.yaml', expect: ['foo.example.com/first created'] },
  { run: 'kubectl get foos', expect: ['NAME REPLICAS SINCE', 'first 2'] },
  { run: 'kubectl get fo -o wide', expect: ['NAME REPLICAS SINCE MODE', 'first 2', ' A'] },
  { run: 'kubectl get foo first -o jsonpath={.spec}', expect: ['"flag":true', '"v":3'] },
  { run: 'kubectl get foos.v1alpha1.example.com first -o jsonpath={.apiVersion}', expect: ['example.com/v1alpha1'] },
  { run: 'kubectl apply -f foo-v2.yaml', expect: ['foo.example.com/first configured'] },
  { run: 'kubectl get foo first -o jsonpath={.spec.list}', expect: ['[{"name":"x","v":3}]'] },
  { run: 'kubectl apply --server-side --force-conflicts -f foo.yaml', expect: ['serverside-applied'] },
  {
    run: 'kubectl apply -f foo-bad.yaml',
    expect: [
      'spec.mode: Unsupported value: "C": supported values: "A", "B"',
      'spec.replicas in body must be of type integer: "string"',
    ],
    fails: true,
  },
  { run: 'kubectl apply -f foo-unknown.yaml', expect: ['unknown field "spec.colour"'], fails: true },
  {
    run: 'kubectl apply --validate=warn -f foo-unknown.yaml',
    expect: ['Warning: unknown field "spec.colour"', 'foo.example.com/unknown created'],
  },
  { run: 'kubectl apply --validate=false -f foo-unknown.yaml', expect: ['foo.example.com/unknown'] },
  { run: 'kubectl scale foo first --replicas=4', expect: ['foo.example.com/first scaled'] },
  {
    run: `kubectl patch foo first --type=merge --subresource=status -p '{"status":{"phase":"Ready","replicas":4,"conditions":[{"type":"Ready","status":"True"}]}}'`,
    expect: ['patched'],
  },
  { run: 'kubectl wait --for=condition=Ready foo/first --timeout=10s', expect: ['condition met'] },
  { run: `kubectl patch foo first --type=merge -p '{"spec":{"replicas":null}}'`, expect: ['patched'] },
  { run: 'kubectl get foo first -o jsonpath={.spec.replicas}', expect: ['1'] },
  {
    run: `kubectl patch foo first -p '{"spec":{"replicas":2}}'`,
    expect: [/application\/merge-patch\+json/],
    fails: true,
  },
  { run: 'kubectl describe foo first', expect: ['Kind: Foo', 'Mode: A'], same: 'not at all' },
  {
    run: 'EDITOR="sed -i s/one/two/" kubectl edit foo first',
    expect: ['edited'],
  },
  { run: 'kubectl get foo -l tier=two -o name', expect: ['foo.example.com/first'] },
  { run: 'kubectl label foo first tier-', expect: ['unlabeled'] },
  { run: 'kubectl get foo first unknown missing', expect: ['"missing" not found'], fails: true },
  {
    run: `kubectl apply -f ${routers}`,
    expect: ['virtualservices.networking.istio.io', 'httproutes.gateway.networking.k8s.io'],
  },
  { run: `kubectl apply -f ${crds}`, expect: ['rollouts.argoproj.io'] },
  {
    run: 'kubectl wait --for=condition=Established crd/rollouts.argoproj.io crd/virtualservices.networking.istio.io --timeout=60s',
    expect: ['rollouts.argoproj.io condition met'],
  },
  { run: 'kubectl apply -f rollout.yaml', expect: ['rollout.argoproj.io/shop created'], eventually: true },
  { run: 'kubectl get rollout shop', expect: ['shop'] },
  { run: 'kubectl get ro shop -o jsonpath={.spec}', expect: ['"setWeight":25'] },
  {
    run: `kubectl patch rollout shop --type=merge -p '{"spec":{"replicas":"many"}}'`,
    expect: ['spec.replicas in body must be of type integer: "string"'],
    fails: true,
  },
  { run: 'kubectl scale rollout shop --replicas=2', expect: ['scaled'] },
  {
    run: `kubectl patch rollout shop --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"shop:2"}]'`,
    expect: ['patched'],
  },
  { run: 'kubectl get rollout shop -o jsonpath={.metadata.generation}', expect: ['3'] },
];

const watch: Command[] = [
  {
    run: 'kubectl get pods -l app=lone --watch --no-headers --request-timeout=2s | head -1',
    expect: ['lone 1/1 Running'],
    same: 'not at all',
  },
  {
    run: '(kubectl get configmaps --watch-only -o name --request-timeout=4s & sleep 1; kubectl create configmap seen >/dev/null; wait) | grep seen',
    expect: ['configmap/seen'],
  },
  {
    run: '(kubectl get foo --watch --output-watch-events --request-timeout=4s & sleep 1; kubectl label foo first z=1 >/dev/null; kubectl delete foo unknown >/dev/null; wait)',
    expect: [/ADDED first/, /MODIFIED first/, /DELETED unknown/],
  },
  {
    run: '(kubectl wait --for=delete configmap/seen --timeout=20s & sleep 0.5; kubectl delete configmap seen >/dev/null; wait)',
    expect: ['configmap/seen condition met'],
  },
  { run: 'kubectl wait --for=condition=Nothing foo/first --timeout=1s', expect: ['timed out'], fails: true },
];

const remove: Command[] = [
  { run: 'kubectl delete pod lone --now', expect: ['pod "lone" deleted'] },
  { run: 'kubectl delete pod tool --force --grace-period=0', expect: ['force deleted'] },
  { run: 'kubectl apply -f budget.yaml', expect: ['created'] },
  { run: 'kubectl get pdb web', expect: ['web 1 N/A'], same: 'not at all' },
  { run: 'kubectl delete rs -l app=web --cascade=background --wait=false', expect: ['deleted'], same: 'not at all' },
  {
    run: 'kubectl rollout status deployment/web --timeout=60s',
    expect: ['successfully rolled out'],
    same: 'not at all',
  },
  { run: 'kubectl delete deployment api --cascade=orphan', expect: ['deployment.apps "api" deleted'] },
  {
    run: 'kubectl get rs -l app=api -o jsonpath="{.items[*].metadata.ownerReferences}" | wc -c',
    expect: ['0'],
    eventually: true,
  },
  { run: 'kubectl delete rs -l app=api', expect: ['deleted'], same: 'not at all' },
  {
    run: 'kubectl delete deployment web --cascade=foreground --timeout=60s',
    expect: ['deployment.apps "web" deleted'],
  },
  { run: 'kubectl get rs,pods -l app=web', expect: ['No resources found'], eventually: true },
  { run: 'kubectl delete job once', expect: ['deleted'] },
  { run: 'kubectl apply -f guarded.yaml', expect: ['created'] },
  { run: 'kubectl delete configmap guarded --timeout=1s', expect: ['timed out'], fails: true, same: 'not at all' },
  { run: 'kubectl get configmap guarded -o jsonpath={.metadata.deletionTimestamp}', expect: [/./] },
  {
    run: `kubectl patch configmap guarded --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`,
    expect: ['patched'],
  },
  { run: 'kubectl get configmap guarded', expect: ['NotFound'], fails: true },
  { run: 'kubectl delete configmap guarded --ignore-not-found', expect: [] },
  { run: 'kubectl delete configmaps -l nothing=here', expect: ['No resources found'] },
  { run: 'kubectl delete -f settings.yaml', expect: ['configmap "settings" deleted'] },
  { run: 'kubectl delete foos --all', expect: ['"first" deleted'] },
  { run: 'kubectl delete rollout shop', expect: ['deleted'] },
  { run: 'kubectl delete namespace session --timeout=60s', expect: ['namespace "session" deleted'] },
  { run: 'kubectl get configmaps', expect: ['No resources found'] },
  { run: 'kubectl create configmap late', expect: ['namespaces "session" not found'], fails: true },
  {
    run: `kubectl delete -f ${foos} -f ${routers} -f ${crds}`,
    expect: ['"foos.example.com" deleted', '"rollouts.argoproj.io" deleted'],
  },
  {
    run: 'kubectl get foos',
    expect: [/doesn't have a resource type "foos"|could not find the requested resource/],
    fails: true,
    same: 'not at all',
    eventually: true,
  },
];

export const commands: readonly Command[] = [
  ...look,
  ...create,
  ...describe,
  ...change,
  ...apply,
  ...custom,
  ...watch,
  ...remove,
];
