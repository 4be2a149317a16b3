/** Where pods go, and why they do not: predicates, spreading, affinity, gates, in upstream's words. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  behaves,
  behaviour,
  eventually,
  fetchApi,
  listOf,
  MERGE_PATCH,
  objectOf,
  suite,
  testNamespace,
} from './harness.ts';
import {
  bareNodes,
  containerOf,
  nodeLabel,
  podOf,
  readyNode,
  scheduled,
  slots,
  taking,
  unschedulable,
} from './scheduling.ts';

const needsNode = true;
const ROW = 'SchedulerPredicates [Serial] validates';

suite('scheduling: predicates', () => {
  const namespace = testNamespace();
  const { resource } = slots(3);
  const label = nodeLabel('here');
  const create = async (name: string, spec: object, metadata: object = {}) => {
    const answer = await fetchApi('POST', namespace.path('pods'), { body: podOf(name, spec, metadata) });
    objectOf(answer, 201);
    return namespace.path('pods', name);
  };

  behaviour(`${ROW} resource limits of pods that are allowed to run`, { needsNode }, async () => {
    assert.equal(await scheduled(await create('fills', taking(resource, 2))), readyNode());
    const message = await unschedulable(await create('surplus', taking(resource, 2)));
    assert.match(
      message,
      new RegExp(`^0/\\d+ nodes are available: .*\\d+ Insufficient ${resource.replaceAll('.', '\\.')}`),
    );
    assert.equal(await scheduled(await create('fits', taking(resource, 1))), readyNode());
    await eventually(async () => {
      const query = 'fieldSelector=involvedObject.name%3Dsurplus,reason%3DFailedScheduling';
      const [event] = listOf(await fetchApi('GET', `${namespace.path('events')}?${query}`)).items;
      assert.equal(event?.type, 'Warning');
      assert.match(String(event?.message), /nodes are available/);
    });
    // When room is made, it is noticed.
    await fetchApi('DELETE', namespace.path('pods', 'fills'));
    assert.equal(await scheduled(namespace.path('pods', 'surplus')), readyNode());
  });

  behaviour(`${ROW} that NodeSelector is respected if matching`, { needsNode }, async () => {
    assert.equal(await scheduled(await create('selects', { nodeSelector: { [label]: 'here' } })), readyNode());
  });

  behaviour(`${ROW} that NodeSelector is respected if not matching`, { needsNode }, async () => {
    const message = await unschedulable(await create('selects-nothing', { nodeSelector: { [label]: 'elsewhere' } }));
    assert.match(message, /node\(s\) didn't match (Pod's node affinity(\/selector)?|node selector)/);
  });

  behaviour(
    `${ROW} that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP`,
    { needsNode },
    async () => {
      const hostPort = 54_321;
      const nodeSelector = { [label]: 'here' };
      const ports = (extra: object) => ({
        nodeSelector,
        containers: [containerOf({ ports: [{ containerPort: 80, hostPort, protocol: 'TCP', ...extra }] })],
      });
      await scheduled(await create('all-addresses', ports({ hostIP: '0.0.0.0' })));
      const message = await unschedulable(await create('one-address', ports({ hostIP: '127.0.0.1' })));
      assert.match(message, /node\(s\) didn't have free ports for the requested pod ports/);
      await scheduled(await create('other-protocol', ports({ hostIP: '127.0.0.1', protocol: 'UDP' })));
    },
  );

  behaves('a pod with scheduling gates waits for the last of them to go', { needsNode, since: 27 }, async () => {
    const gates = [{ name: 'example.com/first' }, { name: 'example.com/second' }];
    const path = await create('gated', { schedulingGates: gates });
    const pod = objectOf(await fetchApi('GET', path));
    const [condition] = (pod.status as { conditions: Record<string, string>[] }).conditions;
    assert.equal(condition?.reason, 'SchedulingGated');
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { schedulingGates: [gates[1]] } }));
    const after = objectOf(await applyPatch(path, MERGE_PATCH, { spec: { schedulingGates: null } }));
    assert.equal((after.spec as { nodeName?: string }).nodeName, undefined);
    assert.equal(typeof (await scheduled(path)), 'string');
  });

  behaves('a cordoned node gets no new pods until it is open again', { needsNode }, async () => {
    const node = `/api/v1/nodes/${readyNode()}`;
    objectOf(await applyPatch(node, MERGE_PATCH, { spec: { unschedulable: true } }));
    try {
      const path = await create('waits-for-node', { nodeSelector: { [label]: 'here' } });
      assert.match(await unschedulable(path), /node\(s\) (were unschedulable|had untolerated taint)/);
    } finally {
      objectOf(await applyPatch(node, MERGE_PATCH, { spec: { unschedulable: null } }));
    }
    await scheduled(namespace.path('pods', 'waits-for-node'));
  });
});

suite('scheduling: over nodes of several zones', () => {
  const namespace = testNamespace();
  const zone = 'topology.kubernetes.io/zone';
  const host = 'kubernetes.io/hostname';
  const { key, nameOf } = bareNodes({
    a1: { [zone]: 'a', [host]: 'a1' },
    a2: { [zone]: 'a', [host]: 'a2' },
    b1: { [zone]: 'b', [host]: 'b1' },
  });
  const labels = (app: string) => ({ labels: { app } });
  /** Waits for its place: the pods are placed one after the other. */
  const place = async (name: string, app: string, spec: object): Promise<string> => {
    const own = { nodeSelector: { [key]: '' }, tolerations: [{ operator: 'Exists' }], ...spec };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: podOf(name, own, labels(app)) }), 201);
    return scheduled(namespace.path('pods', name));
  };
  const refuse = async (name: string, app: string, spec: object): Promise<string> => {
    const own = { nodeSelector: { [key]: '' }, tolerations: [{ operator: 'Exists' }], ...spec };
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: podOf(name, own, labels(app)) }), 201);
    return unschedulable(namespace.path('pods', name));
  };

  behaves('pods are spread over zones as their constraint says', { needsNode }, async () => {
    const selector = { matchLabels: { app: 'spread' } };
    const topologySpreadConstraints = [
      { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector },
    ];
    const places: string[] = [];
    for (let i = 0; i < 4; i++) places.push(await place(`spread-${i}`, 'spread', { topologySpreadConstraints }));
    assert.equal(places.filter((name) => name === nameOf('b1')).length, 2, places.join(' '));
    const pinned = { topologySpreadConstraints, nodeSelector: { [key]: '', [host]: 'b1' } };
    await place('spread-pinned', 'spread', pinned);
    const wide = [{ ...topologySpreadConstraints[0], nodeAffinityPolicy: 'Ignore' }];
    const message = await refuse('spread-surplus', 'spread', { ...pinned, topologySpreadConstraints: wide });
    assert.match(message, /node\(s\) didn't match pod topology spread constraints/);
  });

  behaves('pods go near pods they want, and not near those they do not', { needsNode }, async () => {
    const term = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
    const near = (app: string) => ({
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, zone)] } },
    });
    const far = (app: string) => ({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, zone)] } },
    });
    assert.match(await refuse('wants-db', 'front', near('db')), /node\(s\) didn't match pod affinity/);
    const db = await place('db', 'db', { nodeSelector: { [key]: '', [host]: 'b1' } });
    assert.equal(await scheduled(namespace.path('pods', 'wants-db')), db);
    const lonely = await place('lonely', 'lonely', far('db'));
    assert.ok([nameOf('a1'), nameOf('a2')].includes(lonely), lonely);
    // What lonely does not want holds for a db that comes later, too.
    const late = await refuse('late-db', 'db', { nodeSelector: { [key]: '', [zone]: 'a' } });
    assert.match(late, /existing pods anti-affinity rules/);
  });

  behaves('no two pods that exclude each other share a host', { needsNode }, async () => {
    const term = { labelSelector: { matchLabels: { app: 'single' } }, topologyKey: host };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const places = new Set<string>();
    for (let i = 0; i < 3; i++) places.add(await place(`single-${i}`, 'single', { affinity }));
    assert.equal(places.size, 3);
    assert.match(await refuse('single-3', 'single', { affinity }), /node\(s\) didn't match pod anti-affinity rules/);
  });
});
