{{- /* Which services call one, as a YAML list; an empty one where it serves no calls. Takes the name of the service. */}}
{{- define "sluice.callers" -}}
{{- if eq . "sluice-analysis-scheduler" -}}
[sluice-rollout-controller, sluice-experiment-manager, sluice-analysis-worker]
{{- else if eq . "sluice-experiment-manager" -}}
[sluice-rollout-controller]
{{- else -}}
[]
{{- end }}
{{- end }}

{{- /* Which services one calls, as a YAML list. Who may make which call is one table: libs/service/src/identity/call-table.ts. */}}
{{- define "sluice.callees" -}}
{{- if eq . "sluice-rollout-controller" -}}
[analysis-runner, experiment-manager]
{{- else if or (eq . "sluice-experiment-manager") (eq . "sluice-analysis-worker") -}}
[analysis-runner]
{{- else -}}
[]
{{- end }}
{{- end }}

{{- /* The Secret with the certificate of a service; empty: it serves and calls without TLS. Takes root and name. */}}
{{- define "sluice.tlsSecret" -}}
{{- $tls := .root.Values.tls }}
{{- if get $tls.secrets .name }}{{ get $tls.secrets .name }}
{{- else if $tls.secret }}{{ $tls.secret }}
{{- else if $tls.certManager.enabled }}{{ .name }}-tls
{{- end }}
{{- end }}

{{- /* The flags for it. Takes root and name. */}}
{{- define "sluice.tlsArgs" -}}
{{- $tls := .root.Values.tls }}
{{- $namespace := .root.Release.Namespace }}
{{- if include "sluice.tlsSecret" . }}
- --tls-cert=/tls/tls.crt
- --tls-key=/tls/tls.key
- --tls-ca=/tls/ca.crt
{{- with include "sluice.callers" .name | fromYamlArray }}
{{- $names := list }}
{{- if $tls.certManager.enabled }}
{{- range . }}
{{- $names = append $names (printf "%s.%s.svc" . $namespace) }}
{{- end }}
{{- end }}
{{- with concat $names $tls.clientNames }}
- --tls-client-names={{ join "," . }}
{{- end }}
{{- end }}
{{- if eq .name "sluice-analysis-scheduler" }}
{{- $workers := $tls.workerNames }}
{{- if $tls.certManager.enabled }}
{{- $workers = append $workers (printf "sluice-analysis-worker.%s.svc" $namespace) }}
{{- end }}
{{- with $workers }}
- --tls-worker-names={{ join "," . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Takes root, name, and addresses: names of Services beside its own under which it is called. */}}
{{- define "sluice.certificate" }}
---
{{- $root := .root }}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
spec:
  secretName: {{ include "sluice.tlsSecret" . }}
  dnsNames:
    {{- range prepend .addresses .name }}
    - {{ . }}.{{ $root.Release.Namespace }}.svc
    - {{ . }}.{{ $root.Release.Namespace }}
    {{- end }}
  usages: [digital signature, key encipherment, server auth, client auth]
  duration: {{ $root.Values.tls.certManager.duration }}
  renewBefore: {{ $root.Values.tls.certManager.renewBefore }}
  issuerRef:
    {{- toYaml $root.Values.tls.certManager.issuerRef | nindent 4 }}
{{- end }}

{{- /* Who may reach the pods of a service: takes root, name, and for those that serve calls callers (services) and from (more, of a NetworkPolicy). */}}
{{- define "sluice.networkPolicy" }}
---
{{- $root := .root }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "sluice.labels" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    {{- with get . "callers" }}
    - from:
        - podSelector:
            matchExpressions:
              - { key: app.kubernetes.io/name, operator: In, values: [{{ join ", " . }}] }
        {{- with get $ "from" }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - port: grpc
    {{- end }}
    - ports:
        - port: metrics
      {{- with $root.Values.networkPolicy.metricsFrom }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
