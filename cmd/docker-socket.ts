/** Where Docker answers: what DOCKER_HOST names, as for the docker command, if it is a socket of this host. */
export function dockerSocket(environment: NodeJS.ProcessEnv = process.env): string {
  const [, path] = /^unix:\/\/(.+)$/.exec(environment.DOCKER_HOST ?? '') ?? [];
  return path ?? '/var/run/docker.sock';
}
