/** A query that cannot be answered here; the message is a sentence for whoever wrote it. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** For what Prometheus understands and this stand-in does not. */
export function beyondStandIn(what: string): QueryError {
  return new QueryError(
    `${what} is more than the stand-in for Prometheus understands (selectors, rate, increase, sum, avg, min, max, count, scalar, vector, + - * / and or): install Prometheus`,
  );
}
