/** For the tests of declarations: one of each kind, and the way of an object through its strategy. */
import { FakeClock } from '../../base/fake-clock.ts';
import { seededRandom } from '../../base/random.ts';
import { fillAlwaysWritten } from '../../openapi/always-written.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { ipAllocator } from './allocators/ip-allocator.ts';
import { portAllocator } from './allocators/port-allocator.ts';
import type { ResourceDeclaration, StrategyContext } from './declaration.ts';
import { builtinResources } from './resources.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './validation/metadata.ts';

/** Loose, as what comes from the wire is. */
export type Loose = { metadata?: object; spec?: object; status?: object; [field: string]: unknown };

const random = seededRandom(1);

/** The declarations of a cluster with few addresses and ports. */
export function declarations(): Map<string, ResourceDeclaration> {
  const clusterIPs = ipAllocator('10.96.0.0/24', random);
  const nodePorts = portAllocator('30000-32767', random);
  const all = builtinResources({ clusterIPs, nodePorts, describe: (definition, field) => `${definition}#${field}` });
  return new Map(all.map((declaration) => [declaration.kind, declaration]));
}

const shared = declarations();

export function declarationOf(kind: string): ResourceDeclaration {
  const found = shared.get(kind);
  if (!found) throw new Error(`no declaration of ${kind}`);
  return found;
}

export function contextOf(namespace = 'test'): StrategyContext {
  return { clock: new FakeClock(), random, namespace, user: 'tester', groups: ['system:masters'] };
}

/** A private copy of `object` after defaults and preparation, as the store does it. */
export function created<T extends KubeObject>(kind: string, object: Loose, declaration = declarationOf(kind)): T {
  const copy = structuredClone(object) as unknown as T;
  copy.metadata = { ...copy.metadata, ...(declaration.namespaced ? { namespace: 'test' } : {}) };
  fillAlwaysWritten(declaration.definition, copy);
  declaration.strategy.default?.(copy);
  declaration.strategy.prepareForCreate?.(copy, contextOf());
  copy.metadata.uid = random.uuid();
  return copy;
}

/** `field: message` of everything that is wrong with a new object. */
export function errorsOf(kind: string, object: Loose): string[] {
  const { strategy, namespaced } = declarationOf(kind);
  const copy = created(kind, object);
  const rules = { namespaced, validateName: strategy.validateName };
  const errors = [...validateObjectMeta(copy.metadata ?? {}, rules), ...(strategy.validate?.(copy) ?? [])];
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

/** The stored object after `change` of `old`, and `field: message` of everything that is wrong with it. */
export function updated<T extends KubeObject>(
  kind: string,
  old: T,
  change: (object: T) => void,
  subresource?: 'status',
): { object: T; errors: string[] } {
  const { strategy, status, definition } = declarationOf(kind);
  const object = structuredClone(old);
  change(object);
  fillAlwaysWritten(definition, object);
  strategy.default?.(object);
  const part = subresource === 'status' ? status : strategy;
  part?.prepareForUpdate?.(object, old, contextOf());
  const errors = [
    ...validateObjectMetaUpdate(object.metadata ?? {}, old.metadata ?? {}),
    ...(subresource ? [] : (strategy.validate?.(object) ?? [])),
    ...(part?.validateUpdate?.(object, old) ?? []),
  ];
  return { object, errors: errors.map(({ field, message }) => `${field}: ${message}`) };
}
