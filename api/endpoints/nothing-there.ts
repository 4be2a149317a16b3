import type { ApiResult } from '../http/request.ts';

/** Where no group, no document and no definition has its place, Go's own file server has the word. */
export function nothingThere(): Extract<ApiResult, { kind: 'raw' }> {
  return {
    kind: 'raw',
    status: 404,
    contentType: 'text/plain; charset=utf-8',
    body: '404 page not found\n',
    headers: { 'x-content-type-options': 'nosniff' },
  };
}
