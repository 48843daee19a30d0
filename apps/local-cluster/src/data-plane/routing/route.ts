// What a routing object says about a request: which backends it may go to, with which weights.

/** The kind of object that a request came in by, as a real cluster would have a proxy of its own for each. */
export const vias = ['ingress', 'virtual-service', 'http-route', 'service'] as const;
export type Via = (typeof vias)[number];

export interface ClientRequest {
  /** Only objects of this kind are asked; absent: each kind in the order of `vias`, and the first that knows the host and path answers. */
  readonly via?: Via;
  /** Only objects of this namespace are asked, as if it had proxies of its own. */
  readonly namespace?: string;
  readonly method: string;
  /** In lower case, without port. */
  readonly host: string;
  /** What the client dialled; 80 unless it said otherwise. */
  readonly port: number;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Backend {
  readonly namespace: string;
  readonly service: string;
  /** A port of the Service, by number or name; its first one if absent. */
  readonly port?: number | string;
  /** A subset of the Service's DestinationRule, which is looked for in this namespace first. */
  readonly subset?: { readonly name: string; readonly from: string };
  /** Of the sum over the route's backends. */
  readonly weight: number;
}

export interface Mirror extends Backend {
  readonly percent: number;
}

export interface Route {
  readonly via: Via;
  /** For people: `Ingress default/shop`. */
  readonly object: string;
  /** The rule within the object: its name, or what it matches. */
  readonly rule: string;
  /** Weights of 0 are kept: they say which versions the rule knows. */
  readonly backends: readonly Backend[];
  readonly mirrors: readonly Mirror[];
  /** Answered by the proxy itself: a redirect or a direct response. */
  readonly fixed?: { readonly status: number; readonly location?: string };
}

/** Answers the rule for a request: undefined if the objects know nothing of its host, `'unmatched'` if they know the host and none of its rules fits. */
export type FindRoute = (request: ClientRequest) => Route | 'unmatched' | undefined;

/** `draw` in [0, 1). Undefined when nobody has any weight. */
export function chooseBackend(backends: readonly Backend[], draw: number): Backend | undefined {
  const total = backends.reduce((sum, b) => sum + b.weight, 0);
  let left = draw * total;
  for (const backend of backends) {
    if (backend.weight <= 0) continue;
    left -= backend.weight;
    if (left < 0) return backend;
  }
  // Rounding may leave a rest behind the last one.
  return total > 0 ? backends.findLast((b) => b.weight > 0) : undefined;
}
