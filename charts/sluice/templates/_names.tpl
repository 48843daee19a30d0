{{- define "sluice.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "sluice.version" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* Where Redis is: the one that is named, or the chart's own. */}}
{{- define "sluice.redisUrl" -}}
{{- if .Values.redisUrl }}{{ .Values.redisUrl }}{{ else if .Values.redis.deploy }}redis://sluice-redis.{{ .Release.Namespace }}:6379{{ end }}
{{- end }}

{{- /* The Secret with the password for Redis: the one that is named, or that of the chart's own Redis. Empty: it takes none. */}}
{{- define "sluice.redisSecret" -}}
{{- if .Values.redisSecret.name }}{{ .Values.redisSecret.name }}{{ else if and .Values.redis.deploy (not .Values.redisUrl) }}sluice-redis{{ end }}
{{- end }}

{{- /* The arguments that every service has which looks after objects of the API. */}}
{{- define "sluice.scopeArgs" -}}
{{- with .Values.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with .Values.instanceId }}
- --instance-id={{ . }}
{{- end }}
- --foreign-lease-namespace={{ join "," (.Values.otherController.namespaces | default (list "none")) }}
{{- end }}
