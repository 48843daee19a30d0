{{- define "provider.name" -}}
sluice-{{ .Chart.Name }}
{{- end }}

{{- define "provider.selector" -}}
app.kubernetes.io/name: {{ include "provider.name" . }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "provider.labels" -}}
{{ include "provider.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* The Secret with its certificate; empty: it serves without TLS. */}}
{{- define "provider.tlsSecret" -}}
{{- if .Values.tlsSecret }}{{ .Values.tlsSecret }}{{ else if .Values.certManager.enabled }}{{ include "provider.name" . }}-tls{{ end }}
{{- end }}
