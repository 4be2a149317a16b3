/** Reads and writes the ControllerRevisions of one kind of controller. */
import type { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { CONTROLLER_REVISIONS } from '../../client/resources.ts';
import type { V1ControllerRevision, V1PodTemplateSpec } from '../../openapi/generated/types.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import { claimObjects } from '../runtime/claim.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { BY_CONTROLLER, orphansOf } from '../runtime/informers.ts';
import { canonicalData, compareRevisions, templatePatch } from './revision.ts';

/** How often a write is tried on the latest version of a revision that somebody else changes, too. */
const ATTEMPTS = 5;
const NOTHING = {};

export class RevisionHistory {
  readonly #client: ResourceClient<V1ControllerRevision>;
  readonly #informer: Informer<V1ControllerRevision>;
  /** Canonical data by what it was read from, data or template: objects from informers never change. */
  readonly #canonical = new WeakMap<object, string>();

  constructor(context: ControllerContext) {
    this.#client = context.client.resource<V1ControllerRevision>(CONTROLLER_REVISIONS);
    this.#informer = context.informers.of<V1ControllerRevision>(CONTROLLER_REVISIONS);
  }

  get informer(): Informer<V1ControllerRevision> {
    return this.#informer;
  }

  /**
   * The revisions of `owner` that match, oldest first: orphans among them are adopted, its own that match no longer are
   * released or, with `keep`, left as they are. `fetchOwner` reads the owner from the server.
   */
  async claim(
    owner: KubeObject,
    matches: (revision: V1ControllerRevision) => boolean,
    fetchOwner: () => Promise<KubeObject>,
    unmatched: 'release' | 'keep',
  ): Promise<V1ControllerRevision[]> {
    const { namespace = '', uid = '' } = owner.metadata ?? {};
    const orphans = this.#informer.byIndex(BY_CONTROLLER, orphansOf(namespace));
    const owned = this.#informer.byIndex(BY_CONTROLLER, uid);
    const objects = [...(unmatched === 'keep' ? owned.filter(matches) : owned), ...orphans];
    const claimed = await claimObjects({ resource: this.#client, owner, objects, matches, fetchOwner });
    return claimed.sort(compareRevisions);
  }

  /** Whether the revision puts back this very template. */
  holds(revision: V1ControllerRevision, template: V1PodTemplateSpec | undefined): boolean {
    const data = revision.data ?? NOTHING;
    const wanted = template ?? NOTHING;
    return (
      this.#canonicalOf(data, () => canonicalData(revision.data)) ===
      this.#canonicalOf(wanted, () => canonicalData(templatePatch(template)))
    );
  }

  /** Rejects with AlreadyExists when the name is taken. */
  create(revision: V1ControllerRevision): Promise<V1ControllerRevision> {
    return this.#client.create(revision);
  }

  get(name: string, namespace: string): Promise<V1ControllerRevision> {
    return this.#client.get(name, namespace);
  }

  /** Gives a revision another number, on its latest version. */
  async renumber(revision: V1ControllerRevision, number: number): Promise<V1ControllerRevision> {
    const { name = '', namespace = '' } = revision.metadata ?? {};
    let current = revision;
    for (let attempt = 1; ; attempt++) {
      if (current.revision === number) return current;
      try {
        return await this.#client.update({ ...current, revision: number });
      } catch (error) {
        if (!isStatus(error, 'Conflict') || attempt === ATTEMPTS) throw error;
      }
      current = await this.get(name, namespace);
    }
  }

  /** Sets a label that a revision lacks. */
  label(revision: V1ControllerRevision, key: string, value: string): Promise<V1ControllerRevision> {
    const metadata = { ...revision.metadata, labels: { ...revision.metadata?.labels, [key]: value } };
    return this.#client.update({ ...revision, metadata });
  }

  /** One that is gone already is as good as removed. */
  async remove(revision: V1ControllerRevision): Promise<void> {
    const { name = '', namespace } = revision.metadata ?? {};
    try {
      await this.#client.delete(name, namespace);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  #canonicalOf(object: object, read: () => string): string {
    if (object === NOTHING) return read();
    let text = this.#canonical.get(object);
    if (text === undefined) {
      text = read();
      this.#canonical.set(object, text);
    }
    return text;
  }
}
