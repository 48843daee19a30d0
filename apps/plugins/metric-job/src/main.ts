import { createClient } from '@sluice/kube';
import { runPlugin } from '@sluice/plugin-sdk';
import { text } from '@sluice/service';
import { introduction } from './introduction.ts';
import { createJobProvider } from './provider.ts';

await runPlugin({
  ...introduction,
  summary: 'Measures by a Kubernetes Job for each measurement: its end is the verdict.',
  options: {
    jobNamespace: text('Namespace for all Jobs; without it each goes into the namespace of its AnalysisRun.', {
      env: ['ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE'],
    }),
    jobKubeconfig: text(
      'Kubeconfig file of another cluster for the Jobs, or "in-cluster" for the one that this runs in.',
      { env: ['ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG'] },
    ),
  },
  assemble: async ({ config, kube }) => {
    const { jobNamespace, jobKubeconfig } = config;
    const { name, version } = introduction;
    const elsewhere = jobKubeconfig !== undefined && jobKubeconfig !== 'in-cluster';
    const client = elsewhere
      ? await createClient({ kubeconfig: jobKubeconfig, userAgent: `sluice-metric-${name}/${version}` })
      : await kube();
    return {
      metric: createJobProvider({ client, namespace: jobNamespace, foreignCluster: jobKubeconfig !== undefined }),
    };
  },
});
