import type { StructLayouts } from './go-json.ts';

// The canary steps as the reference's types declare them: which fields there are and in which order Go writes them.
// Source: spec-rollout §3.2 and the step hashes that were recorded from the reference.
export const stepLayouts: StructLayouts = {
  CanaryStep:
    'setWeight?:*int pause?:*PauseStep experiment?:*ExperimentStep analysis?:*RolloutAnalysis ' +
    'setCanaryScale?:*SetCanaryScale setHeaderRoute?:*SetHeaderRoute setMirrorRoute?:*SetMirrorRoute plugin?:*PluginStep',
  PauseStep: 'duration?:*IntOrString',
  ExperimentStep:
    'templates:[]ExperimentStepTemplate duration?:string analyses?:[]ExperimentStepAnalysis dryRun?:[]DryRun ' +
    'analysisRunMetadata?:Metadata scaleDownDelaySeconds?:*int',
  ExperimentStepTemplate:
    'name:string specRef:string replicas?:*int metadata?:Metadata selector?:*LabelSelector weight?:*int ' +
    'service?:*TemplateService',
  TemplateService: 'name?:string',
  ExperimentStepAnalysis:
    'name:string templateName:string clusterScope?:bool args?:[]Argument requiredForCompletion?:bool',
  RolloutAnalysis:
    'templates?:[]TemplateReference args?:[]Argument dryRun?:[]DryRun measurementRetention?:[]MeasurementRetention ' +
    'analysisRunMetadata?:*Metadata',
  TemplateReference: 'templateName:string clusterScope?:bool',
  Argument: 'name:string value?:string valueFrom?:*ArgumentSource',
  ArgumentSource: 'podTemplateHashValue?:*string fieldRef?:*FieldRef',
  FieldRef: 'fieldPath:string',
  DryRun: 'metricName:string',
  MeasurementRetention: 'metricName:string limit:int',
  Metadata: 'labels?:{}string annotations?:{}string',
  LabelSelector: 'matchLabels?:{}string matchExpressions?:[]LabelSelectorRequirement',
  LabelSelectorRequirement: 'key:string operator:string values?:[]string',
  SetCanaryScale: 'weight?:*int replicas?:*int matchTrafficWeight?:bool',
  SetHeaderRoute: 'name?:string match?:[]HeaderRoutingMatch',
  HeaderRoutingMatch: 'headerName:string headerValue:*StringMatch',
  SetMirrorRoute: 'name:string match?:[]RouteMatch percentage?:*int',
  RouteMatch: 'method?:*StringMatch path?:*StringMatch headers?:{}StringMatch',
  StringMatch: 'exact?:string prefix?:string regex?:string',
  PluginStep: 'name:string config?:any',
};
