/** For tests: a StatefulSet as the API server stores it. */
import type { V1StatefulSet } from '../../openapi/generated/types.ts';

/** `replicas` pods labelled `app: web`, of one revision. */
export function statefulSet(replicas: number, more: object = {}): V1StatefulSet & { kind: string } {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', uid: 'set-uid' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      serviceName: 'web',
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      ...more,
    },
  };
}
