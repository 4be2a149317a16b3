/** Binding: how a scheduler assigns a pod to a node. */
import { rfc3339 } from '../../base/clock.ts';
import type { V1Binding, V1Pod } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { badRequest, conflict, type FieldError, invalid, notFound, success } from '../../openapi/status.ts';
import type { ApiResult } from '../http/request.ts';
import { privateCopy, type UpdateOptions } from '../registry/store/store.ts';
import type { ResourceRequest } from './context.ts';
import { decodeBody, type Expected } from './decode.ts';
import { writeContext } from './options.ts';

const BINDING: Expected = { group: '', version: 'v1', kind: 'Binding', definition: 'io.k8s.api.core.v1.Binding' };
const PODS = { group: '', resource: 'pods' };

/** The ordinary update strategy forbids what a binding is for. */
const UNCHECKED: UpdateOptions = { strategy: { prepareForUpdate: () => undefined }, createOnUpdate: false };

/** POST to `pods/NAME/binding`, or to `bindings` with the pod's name as the binding's. `target.store` is that of pods. */
export async function bind({ request, info, store, context }: ResourceRequest): Promise<ApiResult> {
  const write = writeContext(request, 'CreateOptions');
  const isKnown = (apiVersion: string, kind: string) =>
    (apiVersion === 'v1' && kind === 'Binding') || context.known(apiVersion, kind);
  const binding = (await decodeBody(request, BINDING, isKnown)) as V1Binding;
  const name = info.resource === 'bindings' ? (binding.metadata?.name ?? '') : info.name;
  if (binding.metadata?.name && binding.metadata.name !== name)
    throw badRequest('name in URL does not match name in Binding object');
  const errors = bindingErrors(binding);
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, errors);
  const change = (old: KubeObject | undefined): KubeObject => {
    if (!old) throw notFound(PODS, name);
    checkBindable(old as V1Pod, binding, name);
    const pod = privateCopy(store.get(info.namespace, name)) as V1Pod;
    delete pod.metadata?.resourceVersion;
    return assign(pod, binding, context.clock.now());
  };
  await store.update(info.namespace, name, change, write, UNCHECKED);
  return { kind: 'object', status: 201, object: { ...success(), code: 201 } as object };
}

function bindingErrors(binding: V1Binding): FieldError[] {
  const errors: FieldError[] = [];
  const { kind, name } = binding.target ?? {};
  if (kind && kind !== 'Node') {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'target.kind',
      message: `Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    });
  }
  if (!name) errors.push({ type: 'FieldValueRequired', field: 'target.name', message: 'Required value' });
  return errors;
}

function checkBindable(pod: V1Pod, binding: V1Binding, name: string): void {
  const uid = binding.metadata?.uid;
  if (uid && uid !== pod.metadata?.uid) {
    throw conflict(
      PODS,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid}`,
    );
  }
  if (pod.metadata?.deletionTimestamp)
    throw conflict(
      { group: '', resource: 'pods/binding' },
      name,
      `pod ${name} is being deleted, cannot be assigned to a host`,
    );
  if (pod.spec?.nodeName)
    throw conflict(
      { group: '', resource: 'pods/binding' },
      name,
      `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
    );
  if (pod.spec?.schedulingGates?.length)
    throw conflict({ group: '', resource: 'pods/binding' }, name, `pod ${name} has non-empty .spec.schedulingGates`);
}

function assign(pod: V1Pod, binding: V1Binding, now: number): V1Pod {
  if (pod.spec) pod.spec.nodeName = binding.target.name ?? '';
  if (pod.metadata && binding.metadata?.annotations) {
    pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
  }
  pod.status ??= {};
  const others = (pod.status.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const observed = pod.metadata?.generation;
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: rfc3339(now),
    ...(observed ? { observedGeneration: observed } : {}),
  };
  pod.status.conditions = [...others, scheduled];
  return pod;
}
