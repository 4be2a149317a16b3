/** Cluster IPs and node ports are handed out once, and come back whatever becomes of a write. */
import assert from 'node:assert/strict';
import { settle } from '../../../base/fake-clock.ts';
import type { V1Service, V1ServiceSpec } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import {
  copyOf,
  DRY_RUN,
  type Fixture,
  type FixtureOptions,
  NAMESPACE,
  plain,
  refusedAs,
  until,
  WRITE,
  withRegistry,
} from './store.fixture.ts';
import type { Stored } from './store.ts';

/** So few ports that one that leaks, or is handed out twice, shows at once. */
const FEW: FixtureOptions = { clusterIpRange: '10.96.0.0/29', nodePortRange: '30000-30003' };
const PORTS = [30000, 30001, 30002, 30003];
const ADDRESSES = ['10.96.0.1', '10.96.0.2', '10.96.0.3', '10.96.0.4', '10.96.0.5', '10.96.0.6'];

const service = (name: string, spec: Partial<V1ServiceSpec> = {}): KubeObject & { spec: V1ServiceSpec } => ({
  metadata: { name },
  spec: { type: 'NodePort', ports: [{ port: 80 }], ...spec } as V1ServiceSpec,
});

const specOf = (stored: Stored): V1ServiceSpec => (plain(stored) as V1Service).spec ?? {};
const portOf = (stored: Stored): number => specOf(stored).ports?.[0]?.nodePort ?? 0;

const create = ({ store }: Fixture, name: string, spec?: Partial<V1ServiceSpec>): Promise<Stored> =>
  store('services').create(NAMESPACE, service(name, spec), WRITE);

/** A PUT of `stored` as it was read, with the node port changed: it fails when another write came first. */
const moveTo = ({ store }: Fixture, stored: Stored, nodePort: number, write = WRITE) => {
  const object = copyOf(stored) as V1Service;
  for (const port of object.spec?.ports ?? []) port.nodePort = nodePort;
  const name = object.metadata?.name ?? '';
  // So that it changes something even where the port stays.
  Object.assign(object.metadata ?? {}, { labels: { to: String(nodePort) } });
  return store('services').update(NAMESPACE, name, () => structuredClone(object) as KubeObject, write);
};

/** Which ports a newcomer can have, found by asking for each, and giving it back at once. */
async function freePorts(fixture: Fixture): Promise<number[]> {
  const free: number[] = [];
  for (const nodePort of PORTS) {
    const probe = create(fixture, `probe-${nodePort}`, { ports: [{ port: 80, nodePort }] });
    if (!(await succeeds(probe))) continue;
    await fixture.store('services').delete(NAMESPACE, `probe-${nodePort}`, {}, WRITE);
    free.push(nodePort);
  }
  return free;
}

async function freeAddresses(fixture: Fixture): Promise<string[]> {
  const free: string[] = [];
  for (const [i, clusterIP] of ADDRESSES.entries()) {
    if (!(await succeeds(create(fixture, `probe-${i}`, { type: 'ClusterIP', clusterIP })))) continue;
    await fixture.store('services').delete(NAMESPACE, `probe-${i}`, {}, WRITE);
    free.push(clusterIP);
  }
  return free;
}

async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    return !refusedAs('Invalid', /already allocated/)(error);
  }
}

/** What is free is exactly what no stored service has. */
async function assertAccounted(fixture: Fixture): Promise<void> {
  const stored = fixture.cache.list('/registry/services/specs/').items.map(specOf);
  const ports = stored.flatMap((spec) => spec.ports?.map((port) => port.nodePort) ?? []);
  const addresses = stored.map((spec) => spec.clusterIP);
  assert.equal(new Set(ports).size, ports.length, `ports handed out twice: ${ports}`);
  assert.deepEqual(
    await freePorts(fixture),
    PORTS.filter((port) => !ports.includes(port)),
    'ports',
  );
  assert.deepEqual(
    await freeAddresses(fixture),
    ADDRESSES.filter((ip) => !addresses.includes(ip)),
    'addresses',
  );
}

describe('allocations of services', () => {
  const cases: { title: string; run(fixture: Fixture): Promise<unknown> }[] = [
    { title: 'a creation', run: (fixture) => create(fixture, 'a') },
    {
      title: 'a deletion',
      run: async (fixture) => {
        await create(fixture, 'a');
        await fixture.store('services').delete(NAMESPACE, 'a', {}, WRITE);
      },
    },
    {
      title: 'a creation that the store could not take',
      run: async (fixture) => {
        const mend = fixture.storage.broken();
        await assert.rejects(create(fixture, 'a'), refusedAs('ServiceUnavailable'));
        mend();
      },
    },
    {
      title: 'two creations of one name',
      run: async (fixture) => {
        const both = await Promise.allSettled([create(fixture, 'a'), create(fixture, 'a')]);
        assert.deepEqual(both.map((each) => each.status).sort(), ['fulfilled', 'rejected']);
      },
    },
    {
      title: 'a creation that is refused after an address has been taken',
      run: async (fixture) => {
        await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        const second = create(fixture, 'b', { clusterIP: '10.96.0.3', ports: [{ port: 80, nodePort: 30000 }] });
        await assert.rejects(second, refusedAs('Invalid'));
      },
    },
    {
      title: 'a creation that is only a dry run',
      run: (fixture) => fixture.store('services').create(NAMESPACE, service('a'), DRY_RUN),
    },
    {
      title: 'an update to another port',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        await moveTo(fixture, stored, 30001);
      },
    },
    {
      title: 'an update to another port that is only a dry run',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        await moveTo(fixture, stored, 30001, DRY_RUN);
      },
    },
    {
      title: 'an update to another port that the store could not take',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        const mend = fixture.storage.broken();
        await assert.rejects(moveTo(fixture, stored, 30001), refusedAs('ServiceUnavailable'));
        mend();
      },
    },
    {
      title: 'an update to a port that another has',
      run: async (fixture) => {
        await create(fixture, 'other', { ports: [{ port: 80, nodePort: 30001 }] });
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        await assert.rejects(moveTo(fixture, stored, 30001), refusedAs('Invalid', /already allocated/));
      },
    },
    {
      title: 'three updates at once, of which one wins',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        const moves = [30001, 30002, 30000].map((port) => moveTo(fixture, stored, port));
        const settled = await Promise.allSettled(moves);
        assert.equal(settled.filter((each) => each.status === 'fulfilled').length, 1);
      },
    },
    {
      title: 'updates that lose while the winner is being written',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        const later: (() => void)[] = [];
        fixture.storage.gate = () => new Promise((resolve) => later.push(resolve));
        const winner = moveTo(fixture, stored, 30001);
        await until(() => later.length === 1, 'the winner writes');
        const losers = [30000, 30000].map((port) => moveTo(fixture, stored, port));
        await settle();
        fixture.storage.gate = () => undefined;
        for (const go of later) go();
        assert.equal(portOf((await winner).object), 30001);
        for (const loser of await Promise.allSettled(losers)) assert.equal(loser.status, 'rejected');
      },
    },
    {
      title: 'a deletion while an update is being written',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        let go: () => void = () => undefined;
        fixture.storage.gate = (operation) =>
          operation === 'update' ? new Promise<void>((resolve) => (go = resolve)) : undefined;
        const update = moveTo(fixture, stored, 30001);
        const deletion = fixture.store('services').delete(NAMESPACE, 'a', {}, WRITE);
        await settle();
        fixture.storage.gate = () => undefined;
        go();
        await Promise.allSettled([update, deletion]);
        await assert.rejects(async () => fixture.store('services').get(NAMESPACE, 'a'), refusedAs('NotFound'));
      },
    },
    {
      title: 'the removal of the last finalizer of a deleted service',
      run: async (fixture) => {
        const held = service('a');
        held.metadata = { name: 'a', finalizers: ['example.com/held'] };
        await fixture.store('services').create(NAMESPACE, held, WRITE);
        await fixture.store('services').delete(NAMESPACE, 'a', {}, WRITE);
        const change = (old: KubeObject | undefined) => {
          const object = structuredClone(old) as KubeObject;
          delete object.metadata?.finalizers;
          return object;
        };
        await fixture.store('services').update(NAMESPACE, 'a', change, WRITE);
        await assert.rejects(async () => fixture.store('services').get(NAMESPACE, 'a'), refusedAs('NotFound'));
      },
    },
    {
      title: 'a status update beside an update of the ports',
      run: async (fixture) => {
        const stored = await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
        const { store } = fixture;
        const strategy = store('services').declaration.status;
        assert.ok(strategy);
        const status = store('services').update(NAMESPACE, 'a', () => withoutVersion(stored), WRITE, { strategy });
        await Promise.all([moveTo(fixture, stored, 30001), status]);
        assert.equal(portOf(store('services').get(NAMESPACE, 'a')), 30001);
      },
    },
  ];
  for (const { title, run } of cases) {
    it(
      `leave nothing behind and nothing out: ${title}`,
      withRegistry(async (fixture) => {
        await run(fixture);
        await assertAccounted(fixture);
      }, FEW),
    );
  }

  it(
    'a dry run answers with an address and a port, as a real creation does',
    withRegistry(async ({ store }) => {
      const answer = await store('services').create(NAMESPACE, service('a'), DRY_RUN);
      assert.ok(ADDRESSES.includes(specOf(answer).clusterIP ?? ''));
      assert.ok(PORTS.includes(portOf(answer)));
    }, FEW),
  );

  it(
    'a dry run that asks for what another has is refused',
    withRegistry(async (fixture) => {
      await create(fixture, 'a', { ports: [{ port: 80, nodePort: 30000 }] });
      const wanted = service('b', { ports: [{ port: 80, nodePort: 30000 }] });
      await assert.rejects(
        fixture.store('services').create(NAMESPACE, wanted, DRY_RUN),
        refusedAs('Invalid', /already allocated/),
      );
    }, FEW),
  );

  it(
    'as many services as there are ports can be made, deleted and made again',
    withRegistry(async (fixture) => {
      for (let round = 0; round < 20; round++) {
        const made = await Promise.all(PORTS.map((port) => create(fixture, `s-${port}`)));
        assert.deepEqual(made.map(portOf).sort(), PORTS);
        await assert.rejects(create(fixture, 'too-many'), refusedAs('InternalError', /range is full/));
        await Promise.all(PORTS.map((port) => fixture.store('services').delete(NAMESPACE, `s-${port}`, {}, WRITE)));
      }
      await assertAccounted(fixture);
    }, FEW),
  );
});

function withoutVersion(stored: Stored): KubeObject {
  const object = copyOf(stored);
  delete object.metadata?.resourceVersion;
  return object;
}
