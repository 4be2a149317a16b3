/** client-node, loaded at first need (some 400 ms and 80 MB), on every Node.js that kubets supports. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);

/** The first Node.js that undici 8 loads on, which client-node 2 asks for. */
const UNDICI_8_NEEDS = { major: 22, minor: 19 };

/**
 * The package. On a Node.js too old for undici 8 it gets the undici 7 that kubets depends on: npm's `overrides` do that
 * in our own checkout, but they do not reach those who install kubets.
 */
export function loadClientNode(): Promise<typeof import('@kubernetes/client-node')> {
  if (isTooOld(process.versions.node)) standInForUndici();
  return import('@kubernetes/client-node');
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < UNDICI_8_NEEDS.major || (major === UNDICI_8_NEEDS.major && minor < UNDICI_8_NEEDS.minor);
}

/** Puts our undici into the module cache where client-node will look for its own. Nobody else misses that one: here it
 * would only throw. */
function standInForUndici(): void {
  const path = createRequire(require.resolve('@kubernetes/client-node')).resolve('undici');
  if (path === require.resolve('undici') || require.cache[path] !== undefined) return;
  const module: Partial<NodeJS.Module> = {
    id: path,
    filename: path,
    path: dirname(path),
    paths: [],
    children: [],
    loaded: true,
    exports: require('undici'),
  };
  require.cache[path] = module as NodeJS.Module;
}
