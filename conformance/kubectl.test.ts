/** Stock kubectl, old and new, doing what people do all day. No node is needed. */
import assert from 'node:assert/strict';
import { dump } from 'js-yaml';
import {
  applyPatch,
  suite as group,
  type Marks,
  objectOf,
  behaves as register,
  STRATEGIC_PATCH,
  testNamespace,
} from './harness.ts';
import { samplePodSpec } from './kinds.ts';
import { findKubectls, type Kubectl, KubectlRunner, type RunOptions } from './kubectl.ts';

const kubectls = findKubectls();
console.log(
  kubectls.length > 0
    ? `\n  kubectl under test: ${kubectls.map(({ version, path }) => `${version} (${path})`).join(', ')}`
    : '\n  NO kubectl found: neither in $KUBECTL_DIR nor in the PATH',
);

const yaml = (...objects: object[]) => objects.map((object) => dump(object)).join('---\n');
const configMap = (name: string, data: Record<string, string> = { key: 'value' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: samplePodSpec(),
});
const controller = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { rc: name },
    template: { metadata: { labels: { rc: name } }, spec: samplePodSpec() },
  },
});

group('kubectl', () => {
  register('there is one to test with', () => {
    assert.ok(kubectls.length > 0, 'put kubectl in the PATH, or kubectl-1.xx in $KUBECTL_DIR');
  });
});

for (const kubectl of kubectls) scenarios(kubectl);

function scenarios(kubectl: Kubectl): void {
  group(`kubectl ${kubectl.version}`, () => {
    const namespace = testNamespace();
    const runner = new KubectlRunner(kubectl, namespace.name);
    after(() => runner.dispose());
    const ok = (args: string, options?: RunOptions) => runner.ok(args.split(' '), options);
    const create = (...objects: object[]) => ok('create -f -', { input: yaml(...objects) });
    const fails = async (args: string[], stderr: RegExp, options?: RunOptions) => {
      const result = await runner.run(args, options);
      assert.notEqual(result.code, 0, result.stdout);
      assert.match(result.stderr, stderr);
    };
    const behaves = (title: string, ...rest: [() => Promise<void>] | [Marks, () => Promise<void>]) =>
      rest.length === 2 ? register(title, rest[0], rest[1]) : register(title, rest[0]);
    reading(ok, create, behaves, namespace.name);
    changing(ok, create, behaves);
    watching(runner, create, behaves, namespace.name);
    refusing(fails, create, ok, behaves);
  });
}

type Ok = (args: string, options?: RunOptions) => Promise<string>;
type Create = (...objects: object[]) => Promise<string>;
type Behaves = (title: string, ...rest: [() => Promise<void>] | [Marks, () => Promise<void>]) => void;
type Fails = (args: string[], stderr: RegExp, options?: RunOptions) => Promise<void>;

const rows = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));

function reading(ok: Ok, create: Create, behaves: Behaves, namespace: string): void {
  behaves('create -f says what it made; get shows it in every form', async () => {
    assert.equal(await create(configMap('made'), pod('made')), 'configmap/made created\npod/made created\n');
    const [header, line] = rows(await ok('get configmap made'));
    assert.deepEqual(header, ['NAME', 'DATA', 'AGE']);
    assert.deepEqual(line?.slice(0, 2), ['made', '1']);
    assert.equal(await ok('get cm made -o name'), 'configmap/made\n');
    assert.equal(await ok('get cm made -o jsonpath={.data.key}'), 'value');
    assert.match(await ok('get cm made -o yaml'), /^apiVersion: v1\ndata:\n {2}key: value\nkind: ConfigMap\n/);
    assert.equal((JSON.parse(await ok('get cm made -o json')) as { kind: string }).kind, 'ConfigMap');
    assert.match(await ok('get cm -o custom-columns=N:.metadata.name'), /^N\n/);
  });

  behaves('get -o wide has the columns of pods', async () => {
    await create(pod('wide'));
    const [header, line] = rows(await ok('get pods wide -o wide'));
    assert.deepEqual(header, [
      'NAME',
      'READY',
      'STATUS',
      'RESTARTS',
      'AGE',
      'IP',
      'NODE',
      'NOMINATED NODE',
      'READINESS GATES',
    ]);
    assert.deepEqual(line?.slice(0, 4), ['wide', '0/1', 'Pending', '0']);
    assert.deepEqual(line?.slice(5), ['<none>', '<none>', '<none>', '<none>']);
  });

  behaves('get takes several kinds, selectors, all namespaces and sorting', async () => {
    await create({ ...pod('picked'), metadata: { name: 'picked', labels: { pick: 'me' } } });
    assert.equal(await ok('get pods -l pick=me -o name'), 'pod/picked\n');
    assert.equal(await ok('get pods --field-selector metadata.name=picked -o name'), 'pod/picked\n');
    assert.match(await ok('get pods,cm'), /NAME/);
    assert.match(await ok('get pods -A -l pick=me'), new RegExp(`^${namespace} +picked`, 'm'));
    assert.match(await ok('get pods --sort-by=.metadata.name --show-labels -l pick'), /pick=me/);
    assert.match(await ok('get all'), /pod\/picked/);
  });

  behaves('describe knows pods, controllers, services and nodes-to-be', async () => {
    await create(pod('told'), controller('told'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'told' },
      spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] },
    });
    assert.match(
      await ok('describe pod told'),
      /^Name: +told\nNamespace: +\S+\n[\s\S]*Image: +example\.invalid\/main:1\n[\s\S]*QoS Class: +BestEffort\n/,
    );
    assert.match(await ok('describe rc told'), /Replicas: +0 current \/ 0 desired/);
    assert.match(await ok('describe service told'), /Port: +<unset> +80\/TCP\n/);
    assert.match(await ok(`describe namespace ${namespace}`), /Status: +Active/);
  });

  behaves('explain reads the schema', async () => {
    assert.match(await ok('explain pods'), /KIND: +Pod\nVERSION: +v1\n[\s\S]*spec\t* *</);
    assert.match(await ok('explain pods.spec.containers.imagePullPolicy'), /FIELD: +imagePullPolicy <string>/);
  });

  behaves(
    'api-resources, api-versions, version and cluster-info answer',
    {
      covers: [
        'Kubectl client Kubectl api-versions should check if v1 is in available api versions',
        'Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info',
        'Kubectl client Kubectl version should check is all data is printed',
      ],
    },
    async () => {
      assert.match(await ok('api-resources --api-group='), /^configmaps +cm +(v1 +)?true +ConfigMap$/m);
      assert.match(await ok('api-versions'), /^v1$/m);
      assert.match(await ok('version'), /Server Version: /);
      assert.match(await ok('cluster-info'), /(control plane|master).* is running at/);
      assert.equal(await ok('get --raw /readyz'), 'ok');
    },
  );
}

function changing(ok: Ok, create: Create, behaves: Behaves): void {
  behaves('apply creates, then leaves alone, then configures', async () => {
    const apply = (object: object) => ok('apply -f -', { input: yaml(object) });
    const object = configMap('applied', { a: '1', b: '2' });
    assert.equal(await apply(object), 'configmap/applied created\n');
    assert.equal(await apply(object), 'configmap/applied unchanged\n');
    assert.equal(await apply(configMap('applied', { a: '3' })), 'configmap/applied configured\n');
    assert.equal(await ok('get cm applied -o jsonpath={.data}'), '{"a":"3"}');
    assert.equal(await ok('apply -f -', { input: yaml(pod('applied')) }), 'pod/applied created\n');
    assert.equal(await ok('apply -f -', { input: yaml(pod('applied')) }), 'pod/applied unchanged\n');
  });

  behaves(
    'label and annotate set, overwrite and remove',
    {
      covers: 'Kubectl client Kubectl label should update the label on a resource',
    },
    async () => {
      await create(pod('labelled'));
      assert.match(await ok('label pod labelled testing-label=testing-label-value'), /^pod\/labelled labeled\n/);
      assert.match(await ok('get pod labelled -L testing-label'), /testing-label-value/);
      await ok('label --overwrite pod labelled testing-label=other');
      await ok('label pod labelled testing-label-');
      assert.doesNotMatch(await ok('get pod labelled -L testing-label'), /other/);
      assert.match(await ok('annotate pod labelled note=this'), /^pod\/labelled annotated\n/);
      assert.equal(await ok('get pod labelled -o jsonpath={.metadata.annotations.note}'), 'this');
    },
  );

  behaves('patch takes all three types', async () => {
    await create(configMap('patched'));
    assert.equal(await ok('patch cm patched -p {"data":{"s":"1"}}'), 'configmap/patched patched\n');
    assert.equal(await ok('patch cm patched --type merge -p {"data":{"m":"1"}}'), 'configmap/patched patched\n');
    assert.equal(
      await ok('patch cm patched --type json -p [{"op":"add","path":"/data/j","value":"1"}]'),
      'configmap/patched patched\n',
    );
    assert.match(
      await ok('patch cm patched --type merge -p {"data":{"m":"1"}}'),
      /^configmap\/patched patched \(no change\)\n/,
    );
    assert.deepEqual(JSON.parse(await ok('get cm patched -o jsonpath={.data}')), {
      key: 'value',
      s: '1',
      m: '1',
      j: '1',
    });
  });

  behaves(
    "replace writes a pod's new image",
    {
      covers: "Kubectl client Kubectl replace should update a single-container pod's image",
    },
    async () => {
      await create(pod('replaced'));
      const text = await ok('get pod replaced -o json');
      assert.equal(await ok('replace -f -', { input: text.replaceAll('main:1', 'main:2') }), 'pod/replaced replaced\n');
      assert.equal(await ok('get pod replaced -o jsonpath={.spec.containers[0].image}'), 'example.invalid/main:2');
    },
  );

  behaves('scale sets the count of a controller', async () => {
    await create(controller('scaled'));
    assert.match(await ok('scale rc scaled --replicas=2'), /^replicationcontroller\/scaled scaled\n/);
    assert.equal(await ok('get rc scaled -o jsonpath={.spec.replicas}'), '2');
    assert.match(await ok('scale rc scaled --current-replicas=2 --replicas=0'), /scaled\n/);
  });

  behaves('edit opens an editor and writes back what it left', async () => {
    await create(configMap('edited'));
    const env = { KUBE_EDITOR: 'sed -i s/value/by-hand/' };
    assert.match(await ok('edit cm edited', { env }), /^configmap\/edited edited\n/);
    assert.equal(await ok('get cm edited -o jsonpath={.data.key}'), 'by-hand');
    assert.match(await ok('edit cm edited', { env: { KUBE_EDITOR: 'true' } }), /^$/);
  });

  behaves('expose makes a service of a controller', async () => {
    await create(controller('exposed'));
    assert.equal(await ok('expose rc exposed --port=1234 --target-port=6379'), 'service/exposed exposed\n');
    assert.equal(
      await ok('get service exposed -o jsonpath={.spec.ports[0].targetPort},{.spec.selector.rc}'),
      '6379,exposed',
    );
  });

  behaves(
    'server-side dry run changes nothing',
    {
      covers: 'Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods',
    },
    async () => {
      await create(pod('dry'));
      const patch = '{"spec":{"containers":[{"name":"main","image":"other:1"}]}}';
      assert.match(await ok(`patch pod dry --dry-run=server -p ${patch}`), /patched/);
      assert.equal(await ok('get pod dry -o jsonpath={.spec.containers[0].image}'), 'example.invalid/main:1');
      assert.equal(
        await ok('create -f - --dry-run=server', { input: yaml(configMap('dry')) }),
        'configmap/dry created (server dry run)\n',
      );
    },
  );

  behaves('delete takes names, files, selectors and --all', async () => {
    await create(pod('gone'), configMap('gone-1'), configMap('gone-2'), controller('gone'));
    assert.match(await ok('delete pod gone'), /^pod "gone" deleted/);
    assert.match(await ok('delete rc gone'), /^replicationcontroller "gone" deleted/);
    assert.match(await ok('delete -f -', { input: yaml(configMap('gone-1')) }), /^configmap "gone-1" deleted/);
    await ok('label cm gone-2 delete=me');
    assert.match(await ok('delete cm -l delete=me'), /^configmap "gone-2" deleted/);
    assert.equal(await ok('get cm -l delete=me -o name'), '');
    await ok('delete pods --all --force --grace-period=0');
    assert.equal(await ok('get pods -o name'), '');
    assert.equal(await ok('delete cm gone-1 --ignore-not-found'), '');
  });
}

function watching(runner: KubectlRunner, create: Create, behaves: Behaves, namespace: string): void {
  behaves('get -w prints a line as things happen', async () => {
    const child = runner.start(['get', 'configmaps', '-w', '-l', 'watched=yes', '-o', 'name']);
    let seen = '';
    const printed = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (seen.includes(text)) resolve();
        };
        child.stdout?.on('data', look);
        child.once('close', () => reject(new Error(`kubectl get -w ended: ${seen}`)));
        look();
      });
    child.stdout?.on('data', (data) => {
      seen += data;
    });
    const watched = { ...configMap('watched'), metadata: { name: 'watched', labels: { watched: 'yes' } } };
    await create(watched);
    await printed('configmap/watched\n');
    await runner.ok(['patch', 'cm', 'watched', '-p', '{"data":{"more":"yes"}}']);
    await printed('configmap/watched\nconfigmap/watched\n');
    child.removeAllListeners('close');
    child.kill();
  });

  behaves('wait returns when what it waits for is there', async () => {
    await create(pod('waited'));
    const met = runner.ok(['wait', 'pod/waited', '--for=condition=Tested', '--timeout=20s']);
    const condition = { type: 'Tested', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const path = `/api/v1/namespaces/${namespace}/pods/waited/status`;
    objectOf(await applyPatch(path, STRATEGIC_PATCH, { status: { conditions: [condition] } }));
    assert.equal(await met, 'pod/waited condition met\n');
  });
}

function refusing(fails: Fails, create: Create, ok: Ok, behaves: Behaves): void {
  behaves('what is not there is not found', async () => {
    await fails(['get', 'pods', 'absent'], /^Error from server \(NotFound\): pods "absent" not found\n$/);
    await fails(['delete', 'cm', 'absent'], /^Error from server \(NotFound\): configmaps "absent" not found\n$/);
    await fails(['get', 'nothings'], /^error: the server doesn't have a resource type "nothings"\n$/);
    assert.equal(await ok('get events -l nobody=knows'), '');
  });

  behaves('what is there already is not made again', async () => {
    await create(configMap('twice'));
    await fails(
      ['create', '-f', '-'],
      /^Error from server \(AlreadyExists\): error when creating "STDIN": configmaps "twice" already exists\n$/,
      {
        input: yaml(configMap('twice')),
      },
    );
  });

  behaves('what is invalid is refused with the field', async () => {
    const object = { ...pod('invalid'), spec: { containers: [{ name: 'Not valid', image: 'x' }] } };
    await fails(
      ['create', '-f', '-'],
      /^The Pod "invalid" is invalid: spec\.containers\[0\]\.name: Invalid value: "Not valid": a lowercase RFC 1123 label/,
      {
        input: yaml(object),
      },
    );
  });

  behaves('an unknown field or kind is refused', async () => {
    const input = yaml({ ...configMap('unknown'), unheard: 1 });
    await fails(['create', '-f', '-'], /unknown field "unheard"/, { input });
    await fails(['create', '--validate=false', '-f', '-'], /no matches for kind "Unheard" in version "v1"/, {
      input: yaml({ ...configMap('x'), kind: 'Unheard' }),
    });
  });

  behaves('a stale replace is a conflict', async () => {
    await create(configMap('stale'));
    const text = await ok('get cm stale -o json');
    await ok('patch cm stale -p {"data":{"key":"newer"}}');
    await fails(
      ['replace', '-f', '-'],
      /^Error from server \(Conflict\): error when replacing "STDIN": Operation cannot be fulfilled on configmaps? "stale": the object has been modified/,
      {
        input: text.replace('"value"', '"late"'),
      },
    );
  });

  behaves('a selector that cannot be read is refused', async () => {
    await fails(['get', 'pods', '-l', 'a===b'], /found '=', expected: identifier/);
    await fails(
      ['get', 'pods', '--field-selector', 'nothing=x'],
      /field label not supported|not a known field selector/,
    );
  });
}
