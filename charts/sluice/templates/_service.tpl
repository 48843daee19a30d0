{{- /*
One service: ServiceAccount, Deployment, and a Service for its metrics.
Takes root, name (sluice-…), values (replicas, logLevel, extraArgs, resources, nodeSelector, tolerations, affinity), image, args
(YAML of a list), grpcPort (none if absent), usesRedis and fixedReplicas (false where an autoscaler decides). Where there are several replicas they are kept on different
nodes as far as possible, and taken away one at a time.
*/}}
{{- define "sluice.service" -}}
{{- $root := .root }}
{{- $labels := dict "name" .name "root" .root }}
{{- $values := .values }}
{{- $container := .name | trimPrefix "sluice-" }}
{{- $several := or (not .fixedReplicas) (gt (int $values.replicas) 1) }}
{{- $tlsSecret := include "sluice.tlsSecret" $labels }}
{{- $callees := include "sluice.callees" .name | fromYamlArray }}
{{- $redisSecret := ternary (include "sluice.redisSecret" $root) "" (hasKey . "usesRedis") }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $labels | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $labels | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
spec:
  {{- if .fixedReplicas }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "sluice.labels" $labels | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sluice.labels" $labels | nindent 8 }}
    spec:
      serviceAccountName: {{ .name }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile: { type: RuntimeDefault }
      # Longer than the service takes to give its Leases back and to end its calls.
      terminationGracePeriodSeconds: 30
      containers:
        - name: {{ $container }}
          image: "{{ .image.repository }}:{{ .image.tag | default $root.Chart.AppVersion }}"
          imagePullPolicy: {{ .image.pullPolicy }}
          args:
            - --http-port=8090
            - --log-level={{ $values.logLevel }}
            {{- .args | nindent 12 }}
            {{- if $callees }}
            - --token-dir=/tokens
            {{- end }}
            {{- with include "sluice.tlsArgs" $labels | trim }}
            {{- . | nindent 12 }}
            {{- end }}
            {{- if hasKey . "usesRedis" }}
            - --redis-prefix={{ $root.Release.Namespace }}.{{ $root.Release.Name }}
            {{- end }}
            {{- if $redisSecret }}
            {{- with $root.Values.redisSecret.passwordKey }}
            - --redis-password-file=/redis/{{ . }}
            {{- end }}
            {{- with $root.Values.redisSecret.caKey }}
            - --redis-ca=/redis/{{ . }}
            {{- end }}
            {{- end }}
            {{- with $values.extraArgs }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          env:
            - name: POD_NAMESPACE
              valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
            {{- if and (get . "usesRedis") (include "sluice.redisUrl" $root) }}
            - name: REDIS_URL
              value: {{ include "sluice.redisUrl" $root | quote }}
            {{- end }}
          ports:
            - name: metrics
              containerPort: 8090
            {{- with get . "grpcPort" }}
            - name: grpc
              containerPort: {{ . }}
            {{- end }}
          livenessProbe:
            httpGet: { path: /healthz, port: metrics }
            initialDelaySeconds: 10
            periodSeconds: 10
          readinessProbe:
            httpGet: { path: /readyz, port: metrics }
            periodSeconds: 5
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          {{- if or $tlsSecret $redisSecret $callees }}
          volumeMounts:
            {{- if $callees }}
            - { name: tokens, mountPath: /tokens, readOnly: true }
            {{- end }}
            {{- if $tlsSecret }}
            - { name: tls, mountPath: /tls, readOnly: true }
            {{- end }}
            {{- if $redisSecret }}
            - { name: redis, mountPath: /redis, readOnly: true }
            {{- end }}
          {{- end }}
      {{- if or $tlsSecret $redisSecret $callees }}
      volumes:
        {{- with $callees }}
        # What it shows to the services that it calls; the kubelet renews them.
        - name: tokens
          projected:
            sources:
              {{- range . }}
              - serviceAccountToken: { audience: sluice.dev/{{ . }}, path: {{ . }}, expirationSeconds: 900 }
              {{- end }}
        {{- end }}
        {{- with $tlsSecret }}
        - name: tls
          secret: { secretName: {{ . }} }
        {{- end }}
        {{- with $redisSecret }}
        - name: redis
          secret: { secretName: {{ . }} }
        {{- end }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if $several }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "sluice.labels" $labels | nindent 14 }}
      {{- end }}
{{- if $several }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $labels | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "sluice.labels" $labels | nindent 6 }}
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-metrics
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $labels | nindent 4 }}
    {{- include "sluice.version" $root | nindent 4 }}
  {{- with $root.Values.metrics.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    {{- include "sluice.labels" $labels | nindent 4 }}
  ports:
    - name: metrics
      port: 8090
      targetPort: metrics
{{- end }}

{{- /* The address under which other services call one: takes root, name (its pods), address (of the Service), port, and headless where callers want each pod. */}}
{{- define "sluice.grpcService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .address }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" (dict "name" .name "root" .root) | nindent 4 }}
    {{- include "sluice.version" .root | nindent 4 }}
spec:
  {{- if get . "headless" }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "sluice.labels" (dict "name" .name "root" .root) | nindent 4 }}
  ports:
    - name: grpc
      port: {{ .port }}
      targetPort: grpc
      appProtocol: grpc
{{- end }}
