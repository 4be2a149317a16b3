import { KubeConfig } from '@kubernetes/client-node';
import { HttpTarget } from '../harness/http.ts';

/** The server that a kubeconfig names. */
export async function targetOf(path: string): Promise<HttpTarget> {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return HttpTarget.of(config);
}
