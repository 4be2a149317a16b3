/** OpenID Connect discovery: how others check the tokens of service accounts. */

import type { ServiceAccountTokens } from '../auth/tokens/service-account-tokens.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import { wrongMethod } from './context.ts';
import { checkRoute } from './negotiate.ts';

const CONFIGURATION = '/.well-known/openid-configuration';
const KEYS = '/openid/v1/jwks';

/** Answers the two paths of discovery; `undefined` for others. `address` is the server's, `HOST:PORT`. */
export function issuerDiscovery(
  request: ApiRequest,
  tokens: ServiceAccountTokens,
  address: () => string,
): ApiResult | undefined {
  const { path } = request.info;
  if (path !== CONFIGURATION && path !== KEYS) return undefined;
  if (request.method !== 'GET') throw wrongMethod();
  const [contentType, document] =
    path === KEYS
      ? (['application/jwk-set+json', tokens.jwks()] as const)
      : (['application/json', tokens.openidConfiguration(`https://${address()}${KEYS}`)] as const);
  checkRoute(request.header('accept'), [contentType]);
  const headers = { 'cache-control': 'public, max-age=3600' };
  return { kind: 'raw', status: 200, contentType, body: JSON.stringify(document), headers };
}
