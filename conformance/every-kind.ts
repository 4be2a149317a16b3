/** A suite a kind, for behaviours that are the same for all. */
import { atLeast, behaves, fetchApi, server, suite } from './harness.ts';
import { type KindCase, kinds, qualifiedResource } from './kinds.ts';

/** The suite of each kind that this server serves; the others are counted as left out. */
export function everyKind(title: string, body: (kind: KindCase) => void): void {
  for (const kind of kinds) {
    suite(`${kind.apiVersion} ${kind.resource}: ${title}`, () => {
      const { since = 0 } = kind;
      if (atLeast(since)) body(kind);
      else behaves(`${qualifiedResource(kind)} as a whole`, { since }, () => undefined);
    });
  }
}

/** The columns of a kind's Table on this server. */
export function columnsOf({ columns, olderColumns }: KindCase): string {
  return olderColumns && server.minor < olderColumns.until ? olderColumns.columns : columns;
}

/** Deletes an object whatever holds it: finalizers of its own, or a namespace's. */
export async function discard(kind: KindCase, path: string): Promise<void> {
  const answer = await fetchApi('DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
  if (kind.resource === 'namespaces') {
    const metadata = { name: path.split('/').pop() };
    await fetchApi('PUT', `${path}/finalize`, { body: { metadata, spec: { finalizers: [] } } });
  } else if (answer.text.includes('"finalizers"')) {
    await release(path);
  }
}

/** Takes the finalizers off an object, as whoever put them there would in the end. */
export async function release(path: string): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  await fetchApi('PATCH', path, { headers, body: { metadata: { finalizers: null } } });
}
