/**
 * Serves what CustomResourceDefinitions define. Follows them in the watch cache, level triggered: whatever happened to
 * a definition, it is looked at as it is now, given its names and conditions, and what it defines is served, changed
 * or served no more.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { CustomSchema } from '../../../openapi/documents.ts';
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import type { Registry } from '../registry.ts';
import { type ResourceStore, type StoreDependencies, storagePrefix } from '../store/store.ts';
import { approvalCondition } from './approval.ts';
import { changeStatus, cleanUp } from './cleanup.ts';
import {
  type Condition,
  type Crd,
  findCondition,
  isConditionTrue,
  isSameCondition,
  removeCondition,
  setCondition,
} from './conditions.ts';
import { CLEANUP_FINALIZER } from './crd-strategy.ts';
import { customResource } from './custom-resource.ts';
import { CRD_PREFIX } from './customresourcedefinitions.ts';
import { decideNames, type Naming } from './naming.ts';

export interface CustomResourcesOptions {
  registry: Registry;
  /** Those of the registry. */
  dependencies: StoreDependencies;
  clock: Clock;
  log: Log;
  /** Texts of columns. */
  describe: Describe;
}

/** A definition that is served, and what it was when it was looked at last. */
interface Served {
  declaration: ResourceDeclaration;
  schemas: ReadonlyMap<string, CustomSchema>;
  /** What the declaration is made of. */
  source: unknown;
  spec: unknown;
}

const RETRY_MS = 1_000;

export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #crds: ResourceStore;
  readonly #abort = new AbortController();
  readonly #served = new Map<string, Served>();
  /** Names of definitions that are to be looked at. */
  readonly #queue = new Set<string>();
  /** Definitions whose objects are being deleted. */
  readonly #cleanups = new Map<string, Promise<void>>();
  #working: Promise<void> | undefined;
  #following: Promise<void> = Promise.resolve();

  /** Resolves when all that is defined already is served. */
  static async start(options: CustomResourcesOptions): Promise<CustomResources> {
    const controller = new CustomResources(options);
    const { cache } = options.dependencies;
    const { items, revision } = cache.list(CRD_PREFIX);
    for (const { object } of items) controller.#enqueue(object.metadata?.name ?? '');
    controller.#following = controller.#follow(revision);
    await controller.#working;
    return controller;
  }

  private constructor(options: CustomResourcesOptions) {
    this.#options = options;
    this.#crds = options.registry.store('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  }

  /** What OpenAPI documents say of a custom resource's kind, by its definition id. */
  schema(definition: string): CustomSchema | undefined {
    for (const { schemas } of this.#served.values()) {
      const found = schemas.get(definition);
      if (found) return found;
    }
    return undefined;
  }

  /** Resolves when nothing is left running. What is served stays so. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#following;
    await this.#working;
    await Promise.all(this.#cleanups.values());
  }

  async #follow(revision: number): Promise<void> {
    const { cache } = this.#options.dependencies;
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    let after = revision;
    while (!signal.aborted) {
      try {
        for await (const batch of cache.watch(CRD_PREFIX, after, signal)) {
          after = batch.revision;
          for (const { object } of batch.events) this.#enqueue(object.key.slice(CRD_PREFIX.length));
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: messageOf(error) }, 'apiextensions: the watch of definitions broke off');
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
        const { items, revision: now } = cache.list(CRD_PREFIX);
        after = now;
        const names = [...items.map(({ key }) => key.slice(CRD_PREFIX.length)), ...this.#served.keys()];
        for (const name of names) this.#enqueue(name);
      }
    }
  }

  #enqueue(name: string): void {
    if (this.#abort.signal.aborted) return;
    this.#queue.add(name);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Whoever fills the queue goes on first, so that all of it is seen at once.
    await Promise.resolve();
    for (const name of this.#queue) {
      this.#queue.delete(name);
      if (this.#abort.signal.aborted) break;
      try {
        await this.#sync(name);
      } catch (error) {
        if (this.#abort.signal.aborted) break;
        this.#options.log.warn({ crd: name, error: messageOf(error) }, 'apiextensions: a definition is tried again');
        this.#retry(name);
      }
    }
    this.#working = undefined;
    if (this.#queue.size > 0 && !this.#abort.signal.aborted) this.#working = this.#work();
  }

  #retry(name: string): void {
    const { signal } = this.#abort;
    const { clock } = this.#options;
    const timer = clock.after(RETRY_MS, () => {
      signal.removeEventListener('abort', cancel);
      this.#enqueue(name);
    });
    const cancel = () => timer.cancel();
    signal.addEventListener('abort', cancel, { once: true });
  }

  async #sync(name: string): Promise<void> {
    const crd = this.#find(name);
    if (!crd) {
      this.#unserve(name);
      // Its names are free for others again.
      this.#enqueueGroup(name.slice(name.indexOf('.') + 1), name);
      return;
    }
    const naming = decideNames(crd, this.#others(crd));
    const approval = approvalCondition(crd);
    const accepted = withNames(crd, naming);
    // Served before that is said: who sees the condition can rely on it.
    if (isConditionTrue(accepted, 'Established')) await this.#serve(name, accepted);
    if (!isSettled(crd, naming, approval)) {
      await changeStatus({ crds: this.#crds }, name, (copy) =>
        settle(copy, naming, approval, this.#options.clock.now()),
      );
      this.#enqueueGroup(crd.spec.group, name);
    }
    if (crd.metadata?.deletionTimestamp && crd.metadata.finalizers?.includes(CLEANUP_FINALIZER))
      this.#cleanUp(name, accepted);
  }

  #find(name: string): Crd | undefined {
    return this.#options.dependencies.cache.get(CRD_PREFIX + name)?.object as Crd | undefined;
  }

  #others(crd: Crd): Crd[] {
    const { items } = this.#options.dependencies.cache.list(CRD_PREFIX);
    const name = crd.metadata?.name;
    return items
      .filter(({ key }) => key.endsWith(`.${crd.spec.group}`) && key !== CRD_PREFIX + name)
      .map(({ object }) => object as Crd)
      .filter((other) => other.spec.group === crd.spec.group);
  }

  #enqueueGroup(group: string, except: string): void {
    for (const { key } of this.#options.dependencies.cache.list(CRD_PREFIX).items) {
      const name = key.slice(CRD_PREFIX.length);
      if (name !== except && name.endsWith(`.${group}`) && !this.#isSettledName(name)) this.#queue.add(name);
    }
  }

  /** Only who lacks names can gain by another's loss. */
  #isSettledName(name: string): boolean {
    const crd = this.#find(name);
    return crd !== undefined && isConditionTrue(crd, 'NamesAccepted');
  }

  async #serve(name: string, crd: Crd): Promise<void> {
    const { registry, dependencies, describe, log } = this.#options;
    const { spec, status } = crd;
    const source = [
      spec,
      status?.acceptedNames,
      status?.storedVersions,
      isConditionTrue(crd, 'Terminating'),
      crd.metadata?.uid,
    ];
    const before = this.#served.get(name);
    if (before && isDeepStrictEqual(before.source, source)) return;
    const isBuiltIn = registry
      .declarations()
      .some((one) => one.group === spec.group && one.plural === spec.names.plural && !isOurs(one, this.#served));
    if (isBuiltIn) {
      log.warn({ crd: name }, 'apiextensions: a built-in resource is served in place of what is defined');
      return;
    }
    const { declaration, isServed, schemas } = customResource(crd, describe);
    const prefix = storagePrefix(declaration);
    // As upstream, watches end where what they show may change.
    if (before && !isDeepStrictEqual(before.spec, spec)) dependencies.cache.removeResource(prefix);
    await dependencies.cache.addResource({ prefix, fields: declaration.fields ?? (() => ({})) });
    this.#served.set(name, { declaration, schemas: isServed ? schemas : new Map(), source, spec });
    if (before) registry.remove(before.declaration);
    if (isServed) registry.add(declaration);
  }

  #unserve(name: string): void {
    const { registry, dependencies } = this.#options;
    const before = this.#served.get(name);
    if (!before) return;
    this.#served.delete(name);
    registry.remove(before.declaration);
    dependencies.cache.removeResource(storagePrefix(before.declaration));
  }

  #cleanUp(name: string, crd: Crd): void {
    if (this.#cleanups.has(name)) return;
    const { clock, log, dependencies } = this.#options;
    const { signal } = this.#abort;
    const done = cleanUp(crd, { crds: this.#crds, dependencies, clock, log, signal })
      .catch((error) => {
        if (signal.aborted) return;
        log.warn({ crd: name, error: messageOf(error) }, 'apiextensions: custom resources could not be deleted');
        this.#retry(name);
      })
      .finally(() => this.#cleanups.delete(name));
    this.#cleanups.set(name, done);
  }
}

function isOurs(declaration: ResourceDeclaration, served: ReadonlyMap<string, Served>): boolean {
  return [...served.values()].some((one) => storagePrefix(one.declaration) === storagePrefix(declaration));
}

/** The definition as it will be when its names are settled. */
function withNames(crd: Crd, { acceptedNames, established }: Naming): Crd {
  const conditions = (crd.status?.conditions ?? []).filter(({ type }) => type !== 'Established');
  return { ...crd, status: { ...crd.status, acceptedNames, conditions: [...conditions, established] } };
}

const APPROVAL = 'KubernetesAPIApprovalPolicyConformant';

function isSettled(crd: Crd, { acceptedNames, namesAccepted, established }: Naming, approval?: Condition): boolean {
  return (
    isDeepStrictEqual(crd.status?.acceptedNames, acceptedNames) &&
    isSameCondition(findCondition(crd, 'NamesAccepted'), namesAccepted) &&
    isSameCondition(findCondition(crd, 'Established'), established) &&
    isSameCondition(findCondition(crd, APPROVAL), approval)
  );
}

function settle(
  crd: Crd,
  { acceptedNames, namesAccepted, established }: Naming,
  approval: Condition | undefined,
  now: number,
): void {
  crd.status ??= {};
  crd.status.acceptedNames = structuredClone(acceptedNames);
  setCondition(crd, namesAccepted, now);
  setCondition(crd, established, now);
  if (approval) setCondition(crd, approval, now);
  else removeCondition(crd, APPROVAL);
}
