/** Every resource that is served, with its store. Discovery, OpenAPI and routes derive from here. */
import { apiVersionOf } from '../../openapi/object.ts';
import type { ResourceDeclaration } from './declaration.ts';
import { ResourceStore, type StoreDependencies } from './store/store.ts';

export class Registry {
  readonly #dependencies: StoreDependencies;
  readonly #stores = new Map<string, ResourceStore>();

  constructor(dependencies: StoreDependencies, declarations: readonly ResourceDeclaration[]) {
    this.#dependencies = dependencies;
    for (const declaration of declarations) this.add(declaration);
  }

  add(declaration: ResourceDeclaration): void {
    this.#stores.set(
      routeKey(declaration.group, declaration.version, declaration.plural),
      new ResourceStore(declaration, this.#dependencies),
    );
  }

  /** The store behind `/apis/GROUP/VERSION/PLURAL`. */
  find(group: string, version: string, plural: string): ResourceStore | undefined {
    return this.#stores.get(routeKey(group, version, plural));
  }

  /** Declarations in order of registration. */
  declarations(): ResourceDeclaration[] {
    return [...this.#stores.values()].map((store) => store.declaration);
  }

  /** Whether a kind is served in that version. */
  knows(apiVersion: string, kind: string): boolean {
    return this.declarations().some(
      (declaration) => declaration.kind === kind && apiVersionOf(declaration) === apiVersion,
    );
  }
}

function routeKey(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
