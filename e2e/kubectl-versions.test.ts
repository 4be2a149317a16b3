/** The same tour with stock kubectl of three ages. The gate provides them in $KUBECTL_DIR. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Pod } from '../openapi/generated/types.ts';
import { packageRoot } from '../openapi/generated-file.ts';
import type { KubeList } from '../openapi/object.ts';
import { eventually, run, TestCluster } from './harness.ts';

const EXAMPLE = join(packageRoot(), 'examples', 'web.yaml');
/** The binaries in the folder; kubectl itself where none is named. */
function binaries(): [version: string, path: string][] {
  const folder = process.env.KUBECTL_DIR;
  if (!folder) return [['in the PATH', 'kubectl']];
  const names = readdirSync(folder).filter((name) => /^kubectl-\d/.test(name));
  assert.ok(names.length > 0, `no kubectl in ${folder}`);
  return names.sort().map((name) => [name.slice('kubectl-'.length), join(folder, name)]);
}

describe('stock kubectl', function () {
  this.timeout(120_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await TestCluster.create('--node', 'docker');
    await cluster.up();
  });
  after(() => cluster?.destroy());

  for (const [version, path] of binaries()) {
    it(`${version} creates, looks, executes, scales, applies and deletes`, async () => {
      const kubectl = async (...args: string[]) => {
        const result = await run(path, args, { env: cluster.env });
        assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stderr}`);
        return result.stdout;
      };
      const running = (count: number) =>
        eventually(`${count} pods run`, async () => {
          const { items } = JSON.parse(await kubectl('get', 'pods', '-l', 'app=web', '-o', 'json')) as KubeList<V1Pod>;
          const names = items
            .filter((pod) => pod.status?.containerStatuses?.[0]?.ready)
            .map((pod) => pod.metadata?.name ?? '');
          return items.length === count && names.length === count ? names : undefined;
        });
      assert.match(await kubectl('create', '-f', EXAMPLE), /replicationcontroller\/web created/);
      const [name = ''] = await running(3);
      assert.match(await kubectl('get', 'pods', '-o', 'wide'), /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE/);
      assert.match(await kubectl('logs', name), /listens on port 80/);
      assert.equal((await kubectl('exec', name, '--', 'hostname')).trim(), name);
      assert.match(await kubectl('describe', 'pod', name), /Successfully assigned default\/web-/);
      assert.match(await kubectl('explain', 'pod.spec.nodeName'), /nodeName/i);
      assert.match(await kubectl('label', 'pod', name, 'seen=yes'), /labeled/);
      assert.match(await kubectl('create', 'configmap', 'made', '--from-literal=a=b'), /configmap\/made created/);
      assert.match(await kubectl('patch', 'configmap', 'made', '--type=merge', '-p', '{"data":{"c":"d"}}'), /patched/);
      assert.match(await kubectl('scale', 'rc', 'web', '--replicas=1'), /scaled/);
      await running(1);
      await kubectl('apply', '-f', EXAMPLE);
      assert.match(
        await kubectl('apply', '-f', EXAMPLE),
        /replicationcontroller\/web unchanged\nservice\/web unchanged/,
      );
      await running(3);
      await kubectl('delete', '-f', EXAMPLE);
      await kubectl('delete', 'configmap', 'made');
      await running(0);
    });
  }
});
