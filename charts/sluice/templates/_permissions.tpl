{{- /*
What rules/NAME.yaml allows, in each namespace that is looked after or everywhere; what rules/NAME.system.yaml allows, in the namespace of the release; and for those that ask
(other) the Leases of another controller. Takes root, name (of the rules), account and other.
*/}}
{{- define "sluice.permissions" -}}
{{- $root := .root }}
{{- $rules := $root.Files.Get (printf "rules/%s.yaml" .name) }}
{{- $account := dict "kind" "ServiceAccount" "name" .account "namespace" $root.Release.Namespace }}
{{- $name := printf "sluice-%s" .name }}
{{- if $root.Values.namespaces }}
{{- range $root.Values.namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ . }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ . }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }} }
subjects:
  - {{- toYaml $account | nindent 4 }}
{{- end }}
{{- else }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $name }} }
subjects:
  - {{- toYaml $account | nindent 4 }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}-system
  namespace: {{ $root.Release.Namespace }}
rules:
  {{- $root.Files.Get (printf "rules/%s.system.yaml" .name) | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}-system
  namespace: {{ $root.Release.Namespace }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }}-system }
subjects:
  - {{- toYaml $account | nindent 4 }}
{{- end }}
