/** What the tests of admission share: a registry whose writes pass the whole chain, and objects to write. */
import { seededRandom } from '../../../base/random.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { isStatus } from '../../../openapi/status.ts';
import { encodeStored } from '../../storage/watch-cache.ts';
import { type Fixture, type Loose, NAMESPACE, plain, WRITE, withRegistry } from '../store/store.fixture.ts';
import { admissionChain } from './chain.ts';

export interface AdmissionFixture extends Fixture {
  /** Stores an object as it is, whatever its kind. */
  put(key: string, object: KubeObject): Promise<void>;
  /** What becomes of a new object in the tests' namespace, or the message that refuses it. */
  create(plural: string, object: Loose): Promise<Loose | string>;
  /** What becomes of a stored one. */
  update(plural: string, name: string, change: (object: Loose) => void): Promise<Loose | string>;
}

/** A test with a namespace `test` that has its default account. */
export function withAdmission(test: (fixture: AdmissionFixture) => Promise<void>) {
  return withRegistry(
    async (fixture) => {
      const { storage, cache, store } = fixture;
      const put = async (key: string, object: KubeObject) => {
        await cache.waitFor(await storage.create(`/registry/${key}`, encodeStored(object)));
      };
      const create = (plural: string, object: Loose) =>
        outcome(async () => plain(await store(plural).create(NAMESPACE, structuredClone(object), WRITE)));
      const update = (plural: string, name: string, change: (object: Loose) => void) =>
        outcome(async () => {
          const changed = (old: KubeObject | undefined) => {
            const copy = structuredClone(old ?? {}) as Loose;
            change(copy);
            return copy;
          };
          return plain((await store(plural).update(NAMESPACE, name, changed, WRITE)).object);
        });
      await store('serviceaccounts').create(NAMESPACE, { metadata: { name: 'default' } }, WRITE);
      await test({ ...fixture, put, create, update });
    },
    { admission: (cache, clock) => admissionChain(cache, clock, seededRandom(1), true) },
  );
}

async function outcome(work: () => Promise<Loose>): Promise<Loose | string> {
  try {
    return await work();
  } catch (error) {
    if (isStatus(error)) return error.message;
    throw error;
  }
}

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> };

/** A pod of one container `c`. */
export function podOf(name: string, resources: Resources = {}, spec: object = {}): Loose {
  return { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec } };
}

/** The object of an outcome that must be one. */
export function admitted<T extends KubeObject>(outcome: Loose | string): T {
  if (typeof outcome === 'string') throw new Error(`refused: ${outcome}`);
  return outcome as T;
}
