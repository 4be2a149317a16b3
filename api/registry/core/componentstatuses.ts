/** How the parts of the control plane are, asked when somebody wants to know. */
import type { V1ComponentStatus } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { column, type Describe, nameColumn } from './columns.ts';

/** Resolves when the component is well, with what it says; rejects with why it is not. */
export type ComponentCheck = () => Promise<string>;

/** By the names upstream gives them: `scheduler`, `controller-manager`, `etcd-0`. */
export type ComponentChecks = Readonly<Record<string, ComponentCheck>>;

const DEADLINE_MS = 20_000;

/** What upstream asks: its own ports on this host, and the storage, which answers or there would be no server. */
const DEFAULT_CHECKS: ComponentChecks = {
  scheduler: () => probe(10259),
  'controller-manager': () => probe(10257),
  'etcd-0': async () => 'ok',
};

/** `checks` replaces those that upstream has. */
export function componentStatuses(describe: Describe, checks: ComponentChecks = {}): ResourceDeclaration {
  const all = { ...DEFAULT_CHECKS, ...checks };
  return declare<V1ComponentStatus>({
    group: '',
    version: 'v1',
    kind: 'ComponentStatus',
    plural: 'componentstatuses',
    singular: 'componentstatus',
    shortNames: ['cs'],
    namespaced: false,
    verbs: ['get', 'list'],
    definition: 'io.k8s.api.core.v1.ComponentStatus',
    deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
    columns: [
      nameColumn(describe),
      column('Status', 'Status of the component conditions', statusText),
      column('Message', 'Message of the component conditions', (object) => healthy(object)?.message ?? ''),
      column('Error', 'Error of the component conditions', (object) => healthy(object)?.error ?? ''),
    ],
    strategy: {},
    virtual: {
      list: () => Promise.all(Object.entries(all).map(([name, check]) => statusOf(name, check))),
    },
  });
}

async function statusOf(name: string, check: ComponentCheck): Promise<V1ComponentStatus> {
  const answer = await check().then(
    (message) => ({ status: 'True', message }),
    (error: unknown) => ({ status: 'False', message: error instanceof Error ? error.message : String(error) }),
  );
  return {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', ...answer }],
  };
}

function healthy({ conditions = [] }: V1ComponentStatus) {
  return conditions.find(({ type }) => type === 'Healthy');
}

function statusText(object: V1ComponentStatus): string {
  const condition = healthy(object);
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
}

/** Upstream's probe: `/healthz` over TLS, whoever signed the certificate. */
async function probe(port: number): Promise<string> {
  const { get } = await import('node:https');
  const url = `https://127.0.0.1:${port}/healthz`;
  const refuse = (why: string) => new Error(`Get "${url}": ${why}`);
  return new Promise((resolve, reject) => {
    const request = get(url, { rejectUnauthorized: false, timeout: DEADLINE_MS, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        const body = Buffer.concat(chunks).toString();
        if (statusCode >= 200 && statusCode < 400) resolve(body);
        else reject(new Error(body));
      });
    });
    request.on('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.on('error', (error: NodeJS.ErrnoException) => {
      const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
      reject(refuse(error.code === 'ECONNREFUSED' ? refused : error.message));
    });
  });
}
