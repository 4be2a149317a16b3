/** For tests: a DaemonSet as the API server stores it, and nodes. */
import type { V1DaemonSet, V1Node } from '../../openapi/generated/types.ts';

/** A pod labelled `app: agent` on every node; `pod` are further fields of its spec. */
export function daemonSet(more: object = {}, pod: object = {}): V1DaemonSet & { kind: string } {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default', uid: 'set-uid', generation: 1 },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...pod } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
      ...more,
    },
  };
}

export function node(name: string, labels: Record<string, string> = {}, spec: object = {}): V1Node {
  return { metadata: { name, labels }, spec };
}
