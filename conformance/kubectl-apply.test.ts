/** Stock kubectl, old and new: declaring things and taking them away again. */
import assert from 'node:assert/strict';
import { dump } from 'js-yaml';
import { at, eventually, behaves as register, suite, testNamespace } from './harness.ts';
import { samplePodSpec } from './kinds.ts';
import { findKubectls, KubectlRunner, type RunOptions } from './kubectl.ts';

const labelsOf = (name: string) => ({ app: name });
const deployment = (name: string, replicas = 0) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: labelsOf(name) },
    template: { metadata: { labels: labelsOf(name) }, spec: samplePodSpec() },
  },
});
const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

class Session {
  readonly runner: KubectlRunner;

  constructor(runner: KubectlRunner) {
    this.runner = runner;
  }

  /** Runs the words; an object as input goes in as YAML. Rejects when kubectl fails. */
  ok(words: string, input?: object, options: RunOptions = {}): Promise<string> {
    return this.runner.ok(words.split(' '), { ...options, ...(input ? { input: dump(input) } : {}) });
  }

  /** The same for what must end with an exit code of its own. */
  run(words: string, input?: object) {
    return this.runner.run(words.split(' '), input ? { input: dump(input) } : {});
  }

  async json(words: string): Promise<unknown> {
    return JSON.parse(await this.ok(`${words} -o json`));
  }
}

function serverSide(session: Session): void {
  register('apply --server-side creates, leaves alone and configures', async () => {
    const apply = (data: Record<string, string>, flags = '') =>
      session.ok(`apply --server-side -f -${flags}`, configMap('served', data));
    assert.equal(await apply({ a: '1', b: '1' }), 'configmap/served serverside-applied\n');
    assert.equal(await apply({ a: '1' }), 'configmap/served serverside-applied\n');
    assert.deepEqual(at(await session.json('get cm served'), 'data'), { a: '1' });
  });

  register('apply --server-side says who else manages a field, and may be forced', async () => {
    await session.ok('apply --server-side -f -', configMap('contended', { a: 'mine' }));
    await session.ok('apply --server-side --field-manager=other -f -', configMap('beside', { a: 'theirs' }));
    const refused = await session.run(
      'apply --server-side --field-manager=other -f -',
      configMap('contended', { a: 'theirs' }),
    );
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /conflict with "kubectl": \.data\.a/);
    await session.ok(
      'apply --server-side --field-manager=other --force-conflicts -f -',
      configMap('contended', { a: 'theirs' }),
    );
    assert.equal(await session.ok('get cm contended -o jsonpath={.data.a}'), 'theirs');
  });

  register('apply moves from the client to the server', async () => {
    await session.ok('apply -f -', deployment('moved'));
    await session.ok('apply --server-side --force-conflicts -f -', deployment('moved', 0));
    assert.equal(await session.ok('apply -f - -o name', deployment('moved')), 'deployment.apps/moved\n');
  });
}

function comparing(session: Session): void {
  register(
    'diff shows what apply would change, and exits with 1 for it',
    { covers: 'Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments' },
    async () => {
      await session.ok('apply -f -', deployment('compared'));
      const same = await session.run('diff -f -', deployment('compared'));
      assert.equal(same.code, 0, same.stdout + same.stderr);
      const other = await session.run('diff -f -', deployment('compared', 2));
      assert.equal(other.code, 1, other.stderr);
      assert.match(other.stdout, /^-\s+replicas: 0\n\+\s+replicas: 2\n/m);
      const image = deployment('compared');
      Object.assign(image.spec.template.spec, { containers: [{ name: 'main', image: 'example.invalid/other:1' }] });
      const served = await session.run('diff --server-side --force-conflicts -f -', image);
      assert.equal(served.code, 1, served.stderr);
      assert.match(served.stdout, /\+.*image: example\.invalid\/other:1/);
    },
  );

  register('replace --force makes an object anew', async () => {
    await session.ok('create -f -', configMap('anew', { a: '1' }));
    const before = await session.ok('get cm anew -o jsonpath={.metadata.uid}');
    await session.ok('replace --force -f -', configMap('anew', { a: '2' }));
    assert.notEqual(await session.ok('get cm anew -o jsonpath={.metadata.uid}'), before);
  });

  register('annotate adds, overwrites only when told to, and takes away', async () => {
    await session.ok('create -f -', configMap('noted', { a: '1' }));
    assert.match(await session.ok('annotate cm noted note=one'), /annotated/);
    assert.notEqual((await session.run('annotate cm noted note=two')).code, 0);
    await session.ok('annotate --overwrite cm noted note=two');
    assert.equal(await session.ok('get cm noted -o jsonpath={.metadata.annotations.note}'), 'two');
    await session.ok('annotate cm noted note-');
    assert.equal(await session.ok('get cm noted -o jsonpath={.metadata.annotations.note}'), '');
  });

  register('set image and scale change a deployment', async () => {
    await session.ok('create -f -', deployment('changed'));
    await session.ok('set image deployment/changed main=example.invalid/main:2');
    await session.ok('scale deployment changed --replicas=3');
    await session.ok('scale deployment changed --replicas=0');
    const read = await session.json('get deployment changed');
    assert.equal(at(read, 'spec.template.spec.containers.0.image'), 'example.invalid/main:2');
  });
}

function scaling(session: Session): void {
  // Newer kubectl tries autoscaling/v2 first, which came with 1.23.
  register('autoscale makes a HorizontalPodAutoscaler', { since: 23 }, async () => {
    await session.ok('create -f -', deployment('auto'));
    await session.ok('autoscale deployment auto --min=1 --max=2');
    assert.match(await session.ok('get hpa auto'), /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\n/);
    await session.ok('delete hpa auto');
  });
}

function telling(session: Session): void {
  register('explain --recursive tells the fields and the texts of upstream', async () => {
    const text = await session.ok('explain deployment --recursive');
    assert.match(text, /KIND: +Deployment\n/);
    // Each level is set in further than the one around it: by three at first, by two since 1.27.
    const spec = /\n( {2,3})spec\t<(?:Object|DeploymentSpec)>/.exec(text)?.[1] ?? assert.fail(text);
    for (const [depth, field] of [
      [1, 'replicas\\t<integer>'],
      [1, 'template\\t<(?:Object>|PodTemplateSpec> -required-)'],
      [3, 'containers\\t<\\[\\](?:Object>|Container> -required-)'],
      [4, 'image\\t<string>'],
      [2, 'rollingUpdate\\t<(?:Object|RollingUpdateDeployment)>'],
      [3, 'maxSurge\\t<(?:string|IntOrString)>'],
    ] as const)
      assert.match(text, new RegExp(`\\n${spec.repeat(depth + 1)}${field}`), field);
    assert.match(text, /Deployment enables declarative updates for Pods and ReplicaSets\./);
    assert.match(await session.ok('explain deployment.spec.strategy.type'), /Type of deployment/);
  });

  register('api-resources knows groups, short names and verbs', async () => {
    const wide = await session.ok('api-resources -o wide');
    assert.match(wide, /^deployments +deploy +(apps\/v1 +)?(apps +)?true +Deployment .*create.*watch/m);
    assert.match(wide, /^nodes +no +(v1 +)?false +Node /m);
    const names = await session.ok('api-resources --namespaced=false -o name');
    assert.match(names, /^namespaces$/m);
    assert.match(names, /^clusterroles\.rbac\.authorization\.k8s\.io$/m);
  });
}

interface Owned {
  metadata?: { name?: string; finalizers?: string[] };
}

function cascading(session: Session): void {
  /** A ReplicaSet of none, and a ConfigMap that it owns. */
  const family = async (name: string) => {
    const { spec } = deployment(name);
    await session.ok('create -f -', { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name }, spec });
    const uid = await session.ok(`get rs ${name} -o jsonpath={.metadata.uid}`);
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, blockOwnerDeletion: true };
    await session.ok('create -f -', { ...configMap(name, {}), metadata: { name, ownerReferences: [owner] } });
  };
  /** Gone, or waiting for the garbage collector with that finalizer: not every server under test has one. */
  const leftWith = async (name: string, finalizer: string) => {
    const { code, stdout } = await session.run(`get rs ${name} -o json`);
    if (code === 0) assert.deepEqual((JSON.parse(stdout) as Owned).metadata?.finalizers, [finalizer]);
  };
  const dependent = async (name: string) => (await session.ok(`get cm ${name} -o name --ignore-not-found`)).trim();
  const unfinalized = (name: string) =>
    session.run(`patch rs ${name} --type=merge -p {"metadata":{"finalizers":null}}`);

  register('delete --cascade=background takes the owner at once', async () => {
    await family('back');
    await session.ok('delete rs back --cascade=background --wait=false');
    assert.equal((await session.run('get rs back')).code, 1);
  });

  register('delete --cascade=foreground waits for dependents', async () => {
    await family('fore');
    await session.ok('delete rs fore --cascade=foreground --wait=false');
    await leftWith('fore', 'foregroundDeletion');
    await unfinalized('fore');
  });

  register('delete --cascade=orphan leaves dependents behind', async () => {
    await family('orphan');
    await session.ok('delete rs orphan --cascade=orphan --wait=false');
    await leftWith('orphan', 'orphan');
    assert.equal(await dependent('orphan'), 'configmap/orphan');
    await unfinalized('orphan');
  });

  register('the garbage collector follows each cascade', { needsNode: true }, async () => {
    await family('followed');
    await session.ok('delete rs followed --cascade=foreground --wait=true');
    assert.equal(await dependent('followed'), '');
    await family('after');
    await session.ok('delete rs after --cascade=background');
    await eventually(async () => assert.equal(await dependent('after'), ''));
    await family('kept');
    await session.ok('delete rs kept --cascade=orphan --wait=true');
    const owners = await session.ok('get cm kept -o jsonpath={.metadata.ownerReferences}');
    assert.equal(owners, '');
  });
}

for (const kubectl of findKubectls()) {
  suite(`kubectl ${kubectl.version} declares`, () => {
    const namespace = testNamespace();
    const runner = new KubectlRunner(kubectl, namespace.name);
    after(() => runner.dispose());
    const session = new Session(runner);
    serverSide(session);
    comparing(session);
    scaling(session);
    telling(session);
    cascading(session);
  });
}
