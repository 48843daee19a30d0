// Reviews are asked, not stored: everybody may do everything.
import { badRequest, methodNotAllowed } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { json } from './message.ts';
import { jsonBody } from './write.ts';

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

export function review(request: ApiRequest, route: Route): ApiResponse {
  let asked: Json;
  try {
    asked = JSON.parse(jsonBody(request) || '{}');
  } catch (error) {
    throw badRequest(`the object provided is unrecognized: json parse error: ${(error as Error).message}`);
  }
  const { kind, group } = route.info;
  const userInfo = { username: request.user, groups: ['system:masters', 'system:authenticated'] };
  const answer = (extra: Json): ApiResponse =>
    json(201, {
      ...asked,
      kind,
      apiVersion: `${group}/${route.ref.version}`,
      metadata: asked.metadata ?? {},
      ...extra,
    });
  switch (kind) {
    case 'SelfSubjectAccessReview':
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return answer({ status: { allowed: true, reason: 'the local cluster allows everything' } });
    case 'SelfSubjectRulesReview':
      return answer({ status: everything });
    case 'SelfSubjectReview':
      return answer({ status: { userInfo } });
    case 'TokenReview':
      return answer({ status: { authenticated: true, user: userInfo } });
    default:
      throw methodNotAllowed();
  }
}
