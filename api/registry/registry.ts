/** Every resource that is served, in every version, with its store. Discovery, OpenAPI and routes derive from here. */
import { apiVersionOf } from '../../openapi/object.ts';
import type { ResourceDeclaration } from './declaration.ts';
import { ServedResource } from './served.ts';
import { ResourceStore, type StoreDependencies } from './store/store.ts';

export class Registry {
  readonly #dependencies: StoreDependencies;
  /** By path: `GROUP/VERSION/PLURAL`. */
  readonly #served = new Map<string, ServedResource>();
  /** `apiVersion/kind` of all of them, counted: several resources may speak one kind. */
  readonly #kinds = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(dependencies: StoreDependencies, declarations: readonly ResourceDeclaration[]) {
    this.#dependencies = dependencies;
    for (const declaration of declarations) this.add(declaration);
  }

  /** Serves a resource in all its versions; one that is served already is replaced. */
  add(declaration: ResourceDeclaration): void {
    const store = new ResourceStore(declaration, this.#dependencies);
    const versions = [undefined, ...(declaration.alsoServed ?? [])];
    for (const version of versions) {
      const served = new ServedResource(store, version);
      this.#served.set(routeKey(served.declaration), served);
    }
    this.#changed();
  }

  /** Serves a resource no more, in none of its versions. */
  remove(declaration: ResourceDeclaration): void {
    for (const [key, { store }] of this.#served) {
      if (store.declaration === declaration) this.#served.delete(key);
    }
    this.#changed();
  }

  /** What is behind `/apis/GROUP/VERSION/PLURAL`. */
  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#served.get(routeKey({ group, version, plural }));
  }

  /** The store of a resource that every server has. Throws an Error where it is not served: a bug. */
  store(group: string, version: string, plural: string): ResourceStore {
    const found = this.find(group, version, plural);
    if (!found) throw new Error(`bug: ${plural} are not served`);
    return found.store;
  }

  /** In order of registration. */
  served(): ServedResource[] {
    return [...this.#served.values()];
  }

  /** Declarations as served, one a version, in order of registration. */
  declarations(): ResourceDeclaration[] {
    return this.served().map(({ declaration }) => declaration);
  }

  /** Whether a kind is served in that version. */
  knows(apiVersion: string, kind: string): boolean {
    return this.#kinds.has(`${apiVersion}/${kind}`);
  }

  /** Calls back whenever what is served has changed; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #changed(): void {
    this.#kinds.clear();
    for (const { declaration } of this.#served.values())
      this.#kinds.add(`${apiVersionOf(declaration)}/${declaration.kind}`);
    for (const listener of this.#listeners) listener();
  }
}

function routeKey({ group, version, plural }: { group: string; version: string; plural: string }): string {
  return `${group}/${version}/${plural}`;
}
