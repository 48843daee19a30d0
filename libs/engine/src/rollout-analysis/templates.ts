import type { TemplateLookup } from '../analysis-template/index.ts';
import { named } from '../snapshot.ts';
import type { RolloutSnapshot } from '../snapshot.ts';

/** The templates as the snapshot has them. */
export const templateLookup =
  ({ analysisTemplates = {}, clusterAnalysisTemplates = {} }: RolloutSnapshot): TemplateLookup =>
  (name, clusterScope) =>
    named(clusterScope ? clusterAnalysisTemplates : analysisTemplates, name);
