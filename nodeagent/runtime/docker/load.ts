/**
 * dockerode, without what kubets never calls of it. Importing it plainly costs 145 ms and 27 MB, nearly all of it for
 * BuildKit sessions (gRPC), build contexts (tar-fs) and Docker over SSH. While dockerode loads, those packages stand in
 * the module cache as empty stand-ins, unless somebody has loaded the real ones already; right after, in the same turn
 * of the event loop, the stand-ins are gone, so nobody else ever sees them. It then costs 20 ms and 10 MB, most of
 * which is Node's own http.
 */
import { createRequire } from 'node:module';
import type Docker from 'dockerode';

const require = createRequire(import.meta.url);

/** What asks for it, what it asks for, and what is enough for the asker to load. */
const UNUSED: { from: 'dockerode' | 'docker-modem'; name: string; exports: object }[] = [
  { from: 'dockerode', name: '@grpc/grpc-js', exports: {} },
  { from: 'dockerode', name: '@grpc/proto-loader', exports: {} },
  { from: 'dockerode', name: 'tar-fs', exports: {} },
  { from: 'docker-modem', name: 'ssh2', exports: {} },
];

/** The class of dockerode; BuildKit, image builds and `ssh://` hosts do not work with it. */
export function loadDockerode(): typeof Docker {
  const fromDockerode = createRequire(require.resolve('dockerode'));
  const ask = { dockerode: fromDockerode, 'docker-modem': createRequire(fromDockerode.resolve('docker-modem')) };
  const stoodIn: string[] = [];
  try {
    for (const { from, name, exports } of UNUSED) {
      const path = resolved(ask[from], name);
      if (path === undefined || require.cache[path] !== undefined) continue;
      require.cache[path] = standIn(path, exports);
      stoodIn.push(path);
    }
    return require('dockerode') as typeof Docker;
  } finally {
    for (const path of stoodIn) delete require.cache[path];
  }
}

function resolved(ask: NodeJS.Require, name: string): string | undefined {
  try {
    return ask.resolve(name);
  } catch {
    return undefined; // another version of dockerode may do without
  }
}

function standIn(path: string, exports: object): NodeJS.Module {
  const module: Partial<NodeJS.Module> = {
    id: path,
    filename: path,
    path,
    paths: [],
    children: [],
    loaded: true,
    exports,
  };
  return module as NodeJS.Module;
}
