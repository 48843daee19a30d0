export type { KubeLogger as PluginLogger } from '@sluice/kube';
export { silentLogger } from '@sluice/kube';
