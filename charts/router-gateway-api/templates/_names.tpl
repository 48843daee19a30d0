{{- define "router.name" -}}
sluice-{{ .Chart.Name }}
{{- end }}

{{- define "router.selector" -}}
app.kubernetes.io/name: {{ include "router.name" . }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "router.labels" -}}
{{ include "router.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* The Secret with its certificate; empty: it serves without TLS. */}}
{{- define "router.tlsSecret" -}}
{{- if .Values.tlsSecret }}{{ .Values.tlsSecret }}{{ else if .Values.certManager.enabled }}{{ include "router.name" . }}-tls{{ end }}
{{- end }}
