/** Stores upstream's flow control objects, as its API servers do for themselves. */
import { type Clock, rfc3339 } from '../../../base/clock.ts';
import type { V1FlowSchema } from '../../../openapi/generated/types.ts';
import { ensureStored, SYSTEM } from '../../auth/post-start.ts';
import type { Registry } from '../registry.ts';
import type { ResourceStore } from '../store/store.ts';
import { flowSchemas, priorityLevels } from './bootstrap.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io';

/** Makes what is missing, and says of each new schema that its priority level is there. */
export async function storeFlowControl(registry: Registry, clock: Clock, signal: AbortSignal): Promise<void> {
  const levels = registry.store(GROUP, 'v1', 'prioritylevelconfigurations');
  for (const level of priorityLevels()) {
    if (signal.aborted) return;
    await ensureStored(levels, level);
  }
  const schemas = registry.store(GROUP, 'v1', 'flowschemas');
  for (const schema of flowSchemas()) {
    if (signal.aborted) return;
    if (await ensureStored(schemas, schema)) await markFound(schemas, schema, clock);
  }
}

async function markFound(store: ResourceStore, { metadata, spec }: V1FlowSchema, clock: Clock): Promise<void> {
  const level = JSON.stringify(spec?.priorityLevelConfiguration.name);
  const found = {
    type: 'Dangling',
    status: 'False',
    lastTransitionTime: rfc3339(clock.now()),
    reason: 'Found',
    message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} and it exists`,
  };
  const strategy = store.declaration.status;
  await store.update(
    '',
    metadata?.name ?? '',
    (old) => ({ ...structuredClone(old), status: { conditions: [found] } }) as V1FlowSchema,
    SYSTEM,
    { fromStored: true, ...(strategy ? { strategy } : {}) },
  );
}
