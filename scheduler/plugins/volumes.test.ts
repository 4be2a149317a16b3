import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { clusterOf, filtered, passing } from '../testing/cluster.ts';
import { node, pod } from '../testing/objects.ts';
import { handleFor } from '../testing/profile.ts';
import { claim, podWith, storageClass, type VolumeObjects, volume, volumeListers } from '../testing/volumes.ts';
import { VolumeBinder } from '../volumes/binder.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

const ZONE = 'topology.kubernetes.io/zone';
const cluster = () => clusterOf([node('n1', { labels: { [ZONE]: 'a' } }), node('n2', { labels: { [ZONE]: 'b' } })]);

function binding(objects: VolumeObjects) {
  const binder = new VolumeBinder({
    client: handleFor().client,
    clock: new FakeClock(),
    signal: new AbortController().signal,
    listers: volumeListers(objects),
    node: () => undefined,
    onChange: () => () => undefined,
  });
  return volumeBinding({}, binder, () => true);
}

describe('VolumeBinding', () => {
  const local = storageClass('local');
  const dynamic = storageClass('local', { provisioner: 'example.com/disks' });
  const cases: { title: string; objects: VolumeObjects; pod?: V1Pod; passes?: string; reason?: string }[] = [
    { title: 'has no say in a pod without claims', objects: {}, pod: pod('a'), passes: 'n1 n2' },
    {
      title: 'turns a pod away whose claim is missing',
      objects: {},
      reason: 'persistentvolumeclaim "c" not found',
    },
    {
      title: 'waits for the controller that makes the claims of ephemeral volumes',
      objects: {},
      pod: pod('a', { volumes: [{ name: 'v', ephemeral: {} }] }),
      reason: 'waiting for ephemeral volume controller to create the persistentvolumeclaim "a-v"',
    },
    {
      title: 'turns a pod away whose claim is going',
      objects: {
        claims: [{ ...claim('c'), metadata: { ...claim('c').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }],
      },
      reason: 'persistentvolumeclaim "c" is being deleted',
    },
    {
      title: 'turns a pod away whose claim has lost its volume',
      objects: { claims: [{ ...claim('c', { volumeName: 'v' }), status: { phase: 'Lost' } }] },
      reason: 'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"',
    },
    {
      title: 'waits for claims that others bind at once',
      objects: { claims: [claim('c')], classes: [storageClass('local', { volumeBindingMode: 'Immediate' })] },
      reason: 'pod has unbound immediate PersistentVolumeClaims',
    },
    {
      title: 'goes where the bound volume can be reached',
      objects: { claims: [claim('c', { volumeName: 'v' })], volumes: [volume('v', { nodeName: 'n2' })] },
      passes: 'n2',
    },
    {
      title: 'goes where a free volume fits a claim that waits for its first consumer',
      objects: {
        claims: [claim('c', { storage: '2Gi' })],
        volumes: [volume('small', { nodeName: 'n1' }), volume('large', { nodeName: 'n2', storage: '3Gi' })],
        classes: [local],
      },
      passes: 'n2',
    },
    {
      title: 'does not take a volume that is meant for another claim',
      objects: {
        claims: [claim('c')],
        volumes: [{ ...volume('v'), spec: { ...volume('v').spec, claimRef: { name: 'other', namespace: 'default' } } }],
        classes: [local],
      },
      passes: '',
    },
    {
      title: 'goes anywhere where a volume can be made',
      objects: { claims: [claim('c')], classes: [dynamic] },
      passes: 'n1 n2',
    },
    {
      title: 'goes only where the class allows to make one',
      objects: {
        claims: [claim('c')],
        classes: [{ ...dynamic, allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ['b'] }] }] }],
      },
      passes: 'n2',
    },
    {
      title: 'goes to the node that was chosen for the claim before',
      objects: {
        claims: [claim('c', { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } })],
        classes: [dynamic],
      },
      passes: 'n1',
    },
  ];
  for (const { title, objects, pod: target = podWith('a', 'c'), passes, reason } of cases) {
    it(title, () => {
      const plugin = binding(objects);
      if (reason !== undefined) {
        const rejection = filtered(plugin, target, cluster(), 'n1');
        assert.deepEqual(rejection?.reasons, [reason]);
        assert.equal(rejection?.resolvable, false);
      } else assert.equal(passing(plugin, target, cluster()).join(' '), passes);
    });
  }

  it('needs a volume of its own for each claim', () => {
    const objects = {
      claims: [claim('c'), claim('d')],
      volumes: [volume('v', { nodeName: 'n1' }), volume('w', { nodeName: 'n2' }), volume('x', { nodeName: 'n2' })],
      classes: [local],
    };
    assert.deepEqual(passing(binding(objects), podWith('a', 'c', 'd'), cluster()), ['n2']);
  });

  it('says what the volumes are to blame for', () => {
    const reasons = (objects: VolumeObjects) => filtered(binding(objects), podWith('a', 'c'), cluster(), 'n1')?.reasons;
    const bound = [claim('c', { volumeName: 'v' })];
    assert.deepEqual(reasons({ claims: bound, volumes: [volume('v', { nodeName: 'n2' })] }), [
      "node(s) didn't match PersistentVolume's node affinity",
    ]);
    assert.deepEqual(reasons({ claims: bound }), [
      'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
    ]);
    assert.deepEqual(reasons({ claims: [claim('c')], classes: [local] }), [
      "node(s) didn't find available persistent volumes to bind",
    ]);
  });
});

describe('VolumeZone', () => {
  const objects = (labels: Record<string, string>) => ({
    claims: [claim('c', { volumeName: 'v' })],
    volumes: [volume('v', { labels })],
  });
  const places = (labels: Record<string, string>, extra = cluster()) =>
    passing(volumeZone(volumeListers(objects(labels))), podWith('a', 'c'), extra);

  it('keeps a pod in the zone of its volume', () => assert.deepEqual(places({ [ZONE]: 'b' }), ['n2']));
  it('takes any of several zones', () => assert.deepEqual(places({ [ZONE]: 'b__a' }), ['n1', 'n2']));
  it('knows the label by its older name', () => {
    assert.deepEqual(places({ 'failure-domain.beta.kubernetes.io/zone': 'a' }), ['n1']);
  });
  it('takes a node without zone for a node of all zones', () => {
    assert.deepEqual(places({ [ZONE]: 'b' }, clusterOf([node('bare')])), ['bare']);
  });
});

describe('VolumeRestrictions', () => {
  const disk = (name: string, readOnly: boolean, nodeName?: string) =>
    pod(name, {
      ...(nodeName ? { nodeName } : {}),
      volumes: [{ name: 'd', gcePersistentDisk: { pdName: 'disk', readOnly } }],
    });
  const plugin = volumeRestrictions(volumeListers({}));

  it('lets a disk be mounted once, or read by many', () => {
    const written = clusterOf([node('n1'), node('n2')], [disk('first', false, 'n1')]);
    assert.deepEqual(passing(plugin, disk('second', true), written), ['n2']);
    assert.deepEqual(filtered(plugin, disk('second', true), written, 'n1')?.reasons, ['node(s) had no available disk']);
    const read = clusterOf([node('n1')], [disk('first', true, 'n1')]);
    assert.deepEqual(passing(plugin, disk('second', true), read), ['n1']);
  });

  it('gives a ReadWriteOncePod claim to one pod at a time', () => {
    const once = { ...claim('c'), spec: { ...claim('c').spec, accessModes: ['ReadWriteOncePod'] } };
    const exclusive = volumeRestrictions(volumeListers({ claims: [once] }));
    const user = podWith('first', 'c');
    const state = clusterOf(
      [node('n1'), node('n2')],
      [{ ...user, spec: { containers: [], ...user.spec, nodeName: 'n1' } }],
    );
    const rejection = filtered(exclusive, podWith('second', 'c'), state, 'n2');
    assert.deepEqual(rejection?.reasons, [
      'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
    ]);
    assert.equal(rejection?.resolvable, true);
    state.removePod(user);
    assert.deepEqual(passing(exclusive, podWith('second', 'c'), state), ['n1', 'n2']);
  });
});

describe('NodeVolumeLimits', () => {
  const csi = (name: string) => ({
    ...volume(name),
    spec: { ...volume(name).spec, csi: { driver: 'example.com/disks', volumeHandle: name } },
  });
  const csiNode = (name: string, count: number) => ({
    metadata: { name },
    spec: { drivers: [{ name: 'example.com/disks', nodeID: name, allocatable: { count } }] },
  });
  const listers = volumeListers({
    claims: ['a', 'b', 'c'].map((name) => claim(name, { volumeName: name })),
    volumes: ['a', 'b', 'c'].map(csi),
    csiNodes: [csiNode('n1', 2), csiNode('n2', 3)],
  });
  const plugin = nodeVolumeLimits(listers);
  const placed = (nodeName: string) =>
    ['a', 'b'].map((name) => {
      const user = podWith(`${name}-${nodeName}`, name);
      return { ...user, spec: { containers: [], ...user.spec, nodeName } };
    });

  it('counts the volumes of a driver on the node', () => {
    const state = clusterOf([node('n1'), node('n2')], [...placed('n1'), ...placed('n2')]);
    assert.deepEqual(passing(plugin, podWith('new', 'c'), state), ['n2']);
    assert.deepEqual(filtered(plugin, podWith('new', 'c'), state, 'n1')?.reasons, ['node(s) exceed max volume count']);
  });

  it('counts a volume once that several pods use', () => {
    const state = clusterOf([node('n1')], placed('n1'));
    assert.deepEqual(passing(plugin, podWith('new', 'b'), state), ['n1']);
  });
});
