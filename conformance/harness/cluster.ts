/** The cluster under test: what $KUBECONFIG names, reached with nothing but HTTPS. */
import { KubeConfig } from '@kubernetes/client-node';
import { type Answer, HttpTarget, type RequestOptions } from './http.ts';

const path = process.env.KUBECONFIG;
if (!path) throw new Error('conformance: KUBECONFIG is not set: it names the cluster to test');

/** The kubeconfig in use; scenarios with client-node's own classes start from it. */
export const kubeConfig = new KubeConfig();
kubeConfig.loadFromFile(path);

/** The way to the server with the kubeconfig's identity. */
export const target = await HttpTarget.of(kubeConfig);

/** The same server for somebody else: `headers` replace the kubeconfig's credentials. */
export function targetAs(headers: Record<string, string>): HttpTarget {
  return target.withIdentity(headers);
}

/**
 * One request, sent exactly as given: the path is not normalised or encoded. An object as `body` goes out as JSON, a
 * string or Buffer as it is. Resolves whatever the status is; rejects only when no answer came (deadline 30 s).
 */
export function fetchApi(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
  return target.fetch(method, path, options);
}

interface VersionInfo {
  major: string;
  minor: string;
  gitVersion: string;
}

/** The minor version of an unstamped build, unless $CONFORMANCE_MINOR says better: the oldest release we test with. */
const UNSTAMPED_MINOR = 20;

async function readVersion(): Promise<{ minor: number; text: string }> {
  const answer = await fetchApi('GET', '/version');
  if (answer.status !== 200) throw new Error(`conformance: GET /version answered ${answer.status}: ${answer.text}`);
  const info = answer.json<VersionInfo>();
  const named = Number.parseInt(process.env.CONFORMANCE_MINOR ?? info.minor, 10);
  return { minor: Number.isNaN(named) ? UNSTAMPED_MINOR : named, text: info.gitVersion };
}

interface NodeList {
  items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
}

async function readReadyNodes(): Promise<string[]> {
  const answer = await fetchApi('GET', '/api/v1/nodes');
  if (answer.status !== 200) throw new Error(`conformance: GET nodes answered ${answer.status}: ${answer.text}`);
  const ready = (conditions: { type: string; status: string }[] = []) =>
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return answer
    .json<NodeList>()
    .items.filter((node) => ready(node.status?.conditions))
    .map((node) => node.metadata.name);
}

/** Whether a controller puts the certificate for pods into each namespace. */
async function publishesRootCa(): Promise<boolean> {
  return (await fetchApi('GET', '/api/v1/namespaces/default/configmaps/kube-root-ca.crt')).status === 200;
}

/** What the server says of itself; `minor` decides which expectations apply. */
export const server = {
  ...(await readVersion()),
  readyNodes: await readReadyNodes(),
  publishesRootCa: await publishesRootCa(),
};
