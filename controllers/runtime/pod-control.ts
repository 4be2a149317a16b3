/** Makes and deletes pods on behalf of a controller, telling of it in events. */
import { messageOf } from '../../base/errors.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import type { V1Pod, V1PodTemplateSpec } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { controllerReference } from './claim.ts';

/** Whether a creation failed because its namespace is going away: nobody needs to hear of that. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    isStatus(error) && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
  );
}

/** The pod a template makes for `owner`, which must carry its kind. */
export function podFromTemplate(
  template: V1PodTemplateSpec | undefined,
  owner: KubeObject,
  generateName = `${owner.metadata?.name}-`,
): V1Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    metadata: {
      generateName,
      namespace: owner.metadata?.namespace ?? '',
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    ...(template?.spec ? { spec: template.spec } : {}),
  };
}

/** Creates a pod for `owner`. Rejects with what the server said. */
export async function createPod(
  client: Client,
  recorder: EventRecorder,
  template: V1PodTemplateSpec | undefined,
  owner: KubeObject,
  generateName?: string,
): Promise<void> {
  try {
    const pod = await client.pods.create(podFromTemplate(template, owner, generateName));
    recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`);
  } catch (error) {
    if (!isNamespaceTerminating(error)) {
      recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    }
    throw error;
  }
}

/** Deletes a pod of `owner`. Rejects with what the server said, NotFound included. */
export async function deletePod(client: Client, recorder: EventRecorder, pod: V1Pod, owner: KubeObject): Promise<void> {
  const { name = '', namespace } = pod.metadata ?? {};
  try {
    await client.pods.delete(name, namespace);
    recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  } catch (error) {
    if (!isStatus(error, 'NotFound')) {
      recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
    }
    throw error;
  }
}
