/** DefaultBinder: writes the decision as a Binding. */
import type { Client } from '../../client/client.ts';
import type { Plugin } from '../framework.ts';

export function defaultBinder(client: Client): Plugin {
  return {
    name: 'DefaultBinder',
    async bind({ pod }, nodeName) {
      const { name = '', namespace = '', uid } = pod.pod.metadata ?? {};
      await client.pods.createSub(name, namespace, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, ...(uid ? { uid } : {}) },
        target: { kind: 'Node', name: nodeName },
      });
      return true;
    },
  };
}
