/** kubectl's commands around rollouts, and those that make and change workloads, as people type them. */
import assert from 'node:assert/strict';
import { behaves, eventually, suite } from './harness.ts';
import { findKubectls, type Kubectl, KubectlRunner } from './kubectl.ts';
import { workloadNamespace } from './replicas.ts';

const needsNode = true;
const IMAGE = process.env.CONFORMANCE_IMAGE ?? 'kubets/pause:1';

interface Workload {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: { replicas: number; paused?: boolean; template: { spec: { containers: { env?: { value: string }[] }[] } } };
  status: { replicas?: number; readyReplicas?: number; updatedReplicas?: number };
}

for (const kubectl of findKubectls()) scenarios(kubectl);

function scenarios(kubectl: Kubectl): void {
  suite(`kubectl ${kubectl.version} and rollouts`, () => {
    const namespace = workloadNamespace();
    const runner = new KubectlRunner(kubectl, namespace.name);
    after(() => runner.dispose());
    const ok = (...args: string[]) => runner.ok(args);
    const get = async (what: string) => JSON.parse(await ok('get', what, '-o', 'json')) as Workload;
    const version = async (what: string) => (await get(what)).spec.template.spec.containers[0]?.env?.[0]?.value;
    const status = (name: string) => ok('rollout', 'status', `deployment/${name}`, '--timeout=25s');

    async function create(name: string, replicas = 1): Promise<void> {
      const made = await ok('create', 'deployment', name, `--image=${IMAGE}`, `--replicas=${replicas}`);
      assert.equal(made, `deployment.apps/${name} created\n`);
      assert.match(await status(name), new RegExp(`deployment "${name}" successfully rolled out`));
    }

    const setVersion = async (name: string, value: string) => {
      const changed = await ok('set', 'env', `deployment/${name}`, `VERSION=${value}`);
      assert.equal(changed, `deployment.apps/${name} env updated\n`);
    };

    behaves('create deployment, then rollout status until it is out', { needsNode }, async () => {
      await create('made', 2);
      const { status: counts } = await get('deployment/made');
      assert.deepEqual([counts.replicas, counts.readyReplicas, counts.updatedReplicas], [2, 2, 2]);
      assert.match(await ok('get', 'deployment/made'), /^made +2\/2 +2 +2 /m);
      assert.match(await ok('get', 'replicasets', '-l', 'app=made'), /^made-[a-z0-9]+ +2 +2 +2 /m);
    });

    behaves('rollout history, undo, and undo to a revision', { needsNode }, async () => {
      await create('undone');
      for (const value of ['1', '2']) {
        await setVersion('undone', value);
        await ok('annotate', 'deployment/undone', '--overwrite', `kubernetes.io/change-cause=to ${value}`);
        await status('undone');
      }
      const history = () => ok('rollout', 'history', 'deployment/undone');
      // The cause is an annotation of the Deployment that its controller copies.
      await eventually(async () => assert.match(await history(), /^1 +<none>\n2 +to 1\n3 +to 2$/m));
      const shown = await ok('rollout', 'history', 'deployment/undone', '--revision=2');
      assert.match(shown, /deployment.apps\/undone with revision #2/);
      assert.match(shown, /VERSION:\s*1/);
      assert.equal(await ok('rollout', 'undo', 'deployment/undone'), 'deployment.apps/undone rolled back\n');
      await status('undone');
      assert.equal(await version('deployment/undone'), '1');
      await eventually(async () => assert.match(await history(), /^1 +<none>\n3 +to 2\n4 +to 1$/m));
      await ok('rollout', 'undo', 'deployment/undone', '--to-revision=1');
      await status('undone');
      assert.equal(await version('deployment/undone'), undefined);
      const same = await ok('rollout', 'undo', 'deployment/undone', '--to-revision=5');
      assert.match(same, /skipped rollback \(current template already matches revision 5\)/);
      const missing = await runner.run(['rollout', 'undo', 'deployment/undone', '--to-revision=77']);
      assert.match(missing.stderr, /unable to find specified revision 77 in history/);
    });

    behaves('rollout pause, resume and restart', { needsNode }, async () => {
      await create('stopped');
      assert.equal(await ok('rollout', 'pause', 'deployment/stopped'), 'deployment.apps/stopped paused\n');
      const again = await runner.run(['rollout', 'pause', 'deployment/stopped']);
      assert.match(again.stderr, /deployments.apps "stopped" is already paused/);
      await setVersion('stopped', '1');
      const restarted = await runner.run(['rollout', 'restart', 'deployment/stopped']);
      assert.match(restarted.stderr, /can't restart paused deployment \(run rollout resume first\)/);
      const sets = () => ok('get', 'replicasets', '-l', 'app=stopped', '-o', 'name');
      assert.equal((await sets()).trim().split('\n').length, 1);
      assert.equal(await ok('rollout', 'resume', 'deployment/stopped'), 'deployment.apps/stopped resumed\n');
      await status('stopped');
      assert.equal((await sets()).trim().split('\n').length, 2);
      const pods = () => ok('get', 'pods', '-l', 'app=stopped', '-o', 'jsonpath={.items[*].metadata.name}');
      const before = await pods();
      assert.equal(await ok('rollout', 'restart', 'deployment/stopped'), 'deployment.apps/stopped restarted\n');
      await status('stopped');
      await eventually(async () => {
        const now = await pods();
        assert.ok(now !== '' && !now.split(' ').some((name) => before.includes(name)), `${now} after ${before}`);
      });
    });

    behaves('scale, with and without a condition', { needsNode }, async () => {
      await create('sized');
      assert.equal(await ok('scale', 'deployment/sized', '--replicas=3'), 'deployment.apps/sized scaled\n');
      await status('sized');
      assert.equal((await get('deployment/sized')).status.readyReplicas, 3);
      const refused = await runner.run(['scale', 'deployment/sized', '--current-replicas=9', '--replicas=1']);
      assert.match(refused.stderr, /Expected replicas to be 9, was 3/);
      await ok('scale', 'deployment/sized', '--current-replicas=3', '--replicas=1');
      await eventually(async () => assert.equal((await get('deployment/sized')).status.replicas, 1));
      await ok('scale', 'deployment/sized', '--replicas=0');
      await eventually(async () => assert.equal(await ok('get', 'pods', '-l', 'app=sized', '-o', 'name'), ''));
    });

    behaves('set image rolls out, and describe tells the story', { needsNode }, async () => {
      await create('imaged');
      const name = (await ok('get', 'deployment/imaged', '-o', 'jsonpath={..containers[0].name}')).trim();
      const output = await ok('set', 'image', 'deployment/imaged', `${name}=example.invalid/other:2`);
      assert.equal(output, 'deployment.apps/imaged image updated\n');
      await eventually(async () => {
        const described = await ok('describe', 'deployment/imaged');
        assert.match(described, /Image: +example.invalid\/other:2/);
        assert.match(described, /NewReplicaSet: +imaged-[a-z0-9]+ \(1\/1 replicas created\)/);
        assert.match(described, /ScalingReplicaSet .*deployment-controller +Scaled up replica set imaged-[a-z0-9]+ /);
      });
      await ok('rollout', 'undo', 'deployment/imaged');
      await status('imaged');
    });

    behaves('expose makes a service whose endpoints are the pods, and wait sees it come', { needsNode }, async () => {
      await create('exposed', 2);
      await ok('wait', '--for=condition=Available', 'deployment/exposed', '--timeout=25s');
      const exposed = await ok('expose', 'deployment/exposed', '--port=80', '--target-port=8080');
      assert.equal(exposed, 'service/exposed exposed\n');
      await eventually(async () => {
        const addresses = 'jsonpath={.subsets[*].addresses[*].ip}';
        const endpoints = await ok('get', 'endpoints/exposed', '-o', addresses);
        const pods = await ok('get', 'pods', '-l', 'app=exposed', '-o', 'jsonpath={.items[*].status.podIP}');
        assert.deepEqual(endpoints.trim().split(/\s+/).sort(), pods.trim().split(/\s+/).sort());
      });
      await ok('delete', 'deployment/exposed', 'service/exposed');
      const left = ['get', 'replicasets,pods', '-l', 'app=exposed', '-o', 'name'];
      await eventually(async () => assert.equal(await ok(...left), ''));
    });
  }, 90_000);
}
