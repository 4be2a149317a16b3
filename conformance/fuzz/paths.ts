/** Paths, and what may be wrong with one. */
import type { Dice } from './dice.ts';
import type { Part, Surface } from './surface.ts';

const STRAY_PARTS = ['nothing', 'log', 'exec', 'attach', 'scale', 'status', 'approval', 'x%2Fy'];

const ODD_SEGMENTS = [
  '',
  '.',
  '..',
  '%2e%2e',
  '%2F',
  '%00',
  '%ff',
  '%zz',
  'a%20b',
  '__proto__',
  'constructor',
  'n'.repeat(2000),
  '*',
  '%E2%98%83',
  '%ED%A0%80',
  'v9',
  'watch',
];

/** A path with one segment too many, too few or odd. */
export function bendPath(dice: Dice, path: string): string {
  const parts = path.split('/');
  const at = 1 + dice.below(parts.length - 1);
  switch (dice.below(4)) {
    case 0:
      parts[at] = dice.pick(ODD_SEGMENTS);
      return parts.join('/');
    case 1:
      parts.splice(at, 0, dice.pick(ODD_SEGMENTS));
      return parts.join('/');
    case 2:
      parts.splice(at, 1);
      return parts.join('/') || '/';
    default:
      return `${path}/`;
  }
}

/** One of the surface's subresources, or a name that is none. */
export function partOf(dice: Dice, surface: Surface): Part | string {
  if (surface.parts.length === 0 || dice.chance(0.15)) return dice.pick(STRAY_PARTS);
  return dice.pick(surface.parts);
}

/** Paths that are no resources. Whole schema documents are dear: they are asked for once in a while. */
export function plainPath(dice: Dice, surface: Surface): string {
  const group = surface.root.split('/').slice(0, -1).join('/');
  const cheap = [
    '/',
    '/api',
    '/apis',
    '/version',
    '/healthz',
    '/readyz?verbose',
    '/livez/ping',
    '/metrics',
    '/openapi/v3',
  ];
  const odd = [
    '/readyz/nothing',
    '/readyz?exclude=x&exclude=y',
    '/apis/nothing.example.com/v1/things',
    '/api/v9',
    '/openapi/v4',
    '/openapi/v3/nothing',
    '/.well-known/openid-configuration',
    '/openid/v1/jwks',
    '/logs/',
    '/debug/pprof',
    '/favicon.ico',
    '/%00',
    '/api/v1/watch/pods',
    '/swagger.json',
  ];
  if (dice.chance(0.02))
    return dice.pick(['/openapi/v2', `/openapi/v3${surface.root}?hash=x`, `/openapi/v3${surface.root}`]);
  return dice.chance(0.6) ? dice.pick([...cheap, group, surface.root, `${surface.root}/`]) : dice.pick(odd);
}
