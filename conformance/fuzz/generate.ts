/** One random request: method, path, query, headers and body, each right most of the time. */
import { attack } from './attack.ts';
import { deleteBody, objectBody, patchBody } from './bodies.ts';
import { Dice } from './dice.ts';
import { APPLY_PATCH } from './patches.ts';
import { bendPath, partOf, plainPath } from './paths.ts';
import { applyQuery, headersFor, queryFor, watchQuery } from './queries.ts';
import { collectionOf, type FuzzRequest, fuzzNames, type Universe } from './request.ts';
import { modelOf } from './samples.ts';
import type { Endpoint, Surface } from './surface.ts';
import { tame } from './tame.ts';

const STRANGE_METHODS = ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'LINK', 'PUT', 'POST', 'PATCH', 'DELETE'];

/** What is done with a resource, and how often. Its verb decides whether it has it. */
const ACTIONS = weighted([
  ['create', 26],
  ['update', 17],
  ['patch', 22],
  ['get', 11],
  ['list', 9],
  ['watch', 2],
  ['delete', 10],
  ['deletecollection', 1],
]);
type Action = 'create' | 'update' | 'patch' | 'get' | 'list' | 'watch' | 'delete' | 'deletecollection';

const METHODS: Readonly<Record<Action, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

function weighted(weights: [Action, number][]): readonly Action[] {
  return weights.flatMap(([action, count]) => Array<Action>(count).fill(action));
}

/** The request number `index` of a run. Depends on nothing but its arguments. */
export function generate(seed: number, index: number, universe: Universe): FuzzRequest {
  const dice = Dice.of(seed, index);
  const what = dice.below(100);
  if (what < 4 && universe.sentinels.length > 0) return attack(dice, universe);
  const surface = surfaceFor(dice, universe);
  if (what < 6) return plain(dice, surface, universe);
  const name = surface.model.nameFor(dice.pick(fuzzNames));
  const request = dice.chance(0.12) ? onPart(dice, surface, name, universe) : onResource(dice, surface, name, universe);
  const method = dice.chance(0.01) ? dice.pick(STRANGE_METHODS) : request.method;
  const path = bentSometimes(dice, request.path);
  // Somewhere else there may be something else.
  const { kinds: _, ...elsewhere } = request;
  return tame({ ...(path === request.path ? request : elsewhere), method, path }, universe);
}

/** All alike, but custom ones come up more often, and now and then one of those that the run itself declares. */
function surfaceFor(dice: Dice, { surfaces }: Universe): Surface {
  const what = dice.below(100);
  const custom = surfaces.filter((each) => each.custom);
  if (what < 4 && custom.length > 0) return dice.pick(custom);
  return what < 6 ? declared(dice) : dice.pick(surfaces);
}

/** The kind of one of the definitions that the run makes, with whatever schema that has. */
function declared(dice: Dice): Surface {
  const apiVersion = `${dice.pick(fuzzNames)}.example.com/v1`;
  const model = modelOf(apiVersion, 'Widget', 'widgets');
  const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  const endpoint = { apiVersion, kind: 'Widget', verbs, definition: undefined, model };
  return { ...endpoint, root: `/apis/${apiVersion}`, resource: 'widgets', namespaced: true, custom: false, parts: [] };
}

function bentSometimes(dice: Dice, target: string): string {
  if (!dice.chance(0.04)) return target;
  const [path = '', ...query] = target.split('?');
  return [bendPath(dice, path), ...query].join('?');
}

function onResource(dice: Dice, surface: Surface, name: string, universe: Universe): FuzzRequest {
  const known = ACTIONS.filter((action) => surface.verbs.includes(action));
  const action = dice.pick(known.length > 0 && dice.chance(0.97) ? known : ACTIONS);
  const whole = action === 'create' || action === 'list' || action === 'watch' || action === 'deletecollection';
  const collection = collectionOf(surface, universe.playground);
  return requestFor(dice, action, whole ? collection : `${collection}/${name}`, surface, name, universe);
}

function onPart(dice: Dice, surface: Surface, name: string, universe: Universe): FuzzRequest {
  const part = partOf(dice, surface);
  const endpoint = typeof part === 'string' ? { ...surface, verbs: ['get', 'update'] } : part;
  const partName = typeof part === 'string' ? part : part.name;
  const known = ACTIONS.filter((action) => endpoint.verbs.includes(action));
  const action = dice.pick(known.length > 0 && dice.chance(0.95) ? known : ACTIONS);
  const path = `${collectionOf(surface, universe.playground)}/${name}/${partName}`;
  const request = requestFor(dice, action, path, endpoint, name, universe, surface.kind);
  const { kinds: _, ...stray } = request;
  return typeof part === 'string' ? stray : request;
}

function requestFor(
  dice: Dice,
  action: Action,
  path: string,
  endpoint: Endpoint,
  name: string,
  universe: Universe,
  parent?: string,
): FuzzRequest {
  const headers = headersFor(dice);
  const body = bodyFor(dice, action, endpoint, name, universe);
  if (body) headers['content-type'] = body.contentType;
  const query = queryOf(dice, action, body?.contentType);
  const kinds = [endpoint.kind, `${endpoint.kind}List`, ...(parent ? [parent] : [])];
  const request = { method: METHODS[action], path: path + query, headers, watch: false, kinds };
  return body ? { ...request, body: body.bytes } : request;
}

function bodyFor(dice: Dice, action: Action, endpoint: Endpoint, name: string, universe: Universe) {
  if (action === 'create' || action === 'update') return objectBody(dice, endpoint, name, universe);
  if (action === 'patch') return patchBody(dice, endpoint, name, universe);
  const mayHaveOne = action === 'delete' || action === 'deletecollection';
  return dice.chance(mayHaveOne ? 0.3 : 0.01) ? deleteBody(dice) : undefined;
}

function queryOf(dice: Dice, action: Action, contentType: string | undefined): string {
  if (action === 'watch') return watchQuery(dice);
  if (contentType === APPLY_PATCH) return applyQuery(dice);
  return dice.chance(0.25) ? queryFor(dice) : '';
}

function plain(dice: Dice, surface: Surface, universe: Universe): FuzzRequest {
  const method = dice.chance(0.9) ? 'GET' : dice.pick(STRANGE_METHODS);
  return tame({ method, path: plainPath(dice, surface), headers: headersFor(dice), watch: false }, universe);
}
