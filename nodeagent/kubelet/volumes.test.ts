import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../base/fake-clock.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import { FakeApi } from '../../client/fake-api.ts';
import type { V1Volume } from '../../openapi/generated/types.ts';
import { notFound } from '../../openapi/status.ts';
import { container, pod } from './fixtures.ts';
import { prepareVolumes, subPathOf } from './volumes.ts';
import { claimVolumes } from './volumes-claims.ts';

describe('prepareVolumes', () => {
  let rootDir: string;
  let data: Map<string, Map<string, Buffer>>;
  let warnings: string[];
  const random = seededRandom(1);
  const read = async (_namespace: string, name: string) => {
    const found = data.get(name);
    if (!found) throw notFound({ group: '', resource: 'configmap' }, name);
    return found;
  };
  const facts = {
    nodeName: 'n1',
    hostIP: '1.1.1.1',
    podIP: '10.1.0.1',
    allocatable: { cpuMillis: 2000, memoryBytes: 1024, ephemeralStorageBytes: 1 },
  };
  let tokenOf: (text: string) => Buffer;
  const prepare = async (volume: Omit<V1Volume, 'name'>, of = pod()): Promise<string> => {
    const spec = { ...of.spec, containers: of.spec?.containers ?? [], volumes: [{ name: 'v', ...volume }] };
    const paths = await prepareVolumes(
      { ...of, spec },
      {
        ...{ rootDir, config: { configMap: read, secret: read }, random, facts },
        tokens: { token: async ({ metadata }, { audience }) => tokenOf(`${metadata?.name} to ${audience}`) },
        claims: claimVolumes(new Client(new FakeApi({ clock: new FakeClock(), resources: [] }))),
        warn: (message) => warnings.push(message),
      },
    );
    return paths.get('v') ?? '';
  };
  const content = (directory: string) =>
    Object.fromEntries(
      readdirSync(directory)
        .filter((name) => !name.startsWith('..'))
        .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );

  beforeEach(() => {
    rootDir = mkdtempSync(join(tmpdir(), 'kubelet-volumes-'));
    data = new Map([
      [
        'cfg',
        new Map([
          ['a', Buffer.from('1')],
          ['b', Buffer.from('2')],
        ]),
      ],
    ]);
    warnings = [];
    tokenOf = (text) => Buffer.from(text);
  });
  afterEach(() => rmSync(rootDir, { recursive: true, force: true }));

  it('makes an empty directory that anybody may write to', async () => {
    const path = await prepare({ emptyDir: {} });
    assert.equal(statSync(path).mode & 0o777, 0o777);
    assert.ok(path.startsWith(join(rootDir, 'pods', 'u1', 'volumes')));
  });

  it('writes a config map, and follows its changes in one step', async () => {
    const path = await prepare({ configMap: { name: 'cfg' } });
    assert.deepEqual(content(path), { a: '1', b: '2' });
    data.set(
      'cfg',
      new Map([
        ['a', Buffer.from('3')],
        ['c', Buffer.from('4')],
      ]),
    );
    assert.equal(await prepare({ configMap: { name: 'cfg' } }), path);
    assert.deepEqual(content(path), { a: '3', c: '4' });
    assert.equal(readdirSync(path).filter((name) => name.startsWith('..')).length, 2, 'the old version is gone');
  });

  it('leaves a volume alone that has not changed', async () => {
    const path = await prepare({ secret: { secretName: 'cfg' } });
    const before = readdirSync(path);
    await prepare({ secret: { secretName: 'cfg' } });
    assert.deepEqual(readdirSync(path), before);
  });

  it('puts chosen keys at chosen paths with chosen modes', async () => {
    const items = [{ key: 'a', path: 'x/y', mode: 0o400 }];
    const path = await prepare({ configMap: { name: 'cfg', items, defaultMode: 0o600 } });
    assert.equal(readFileSync(join(path, 'x/y'), 'utf8'), '1');
    assert.equal(statSync(join(path, 'x/y')).mode & 0o777, 0o400);
    assert.deepEqual(
      readdirSync(path).filter((name) => !name.startsWith('..')),
      ['x'],
    );
  });

  it('projects several sources, and says which it cannot make', async () => {
    const labelled = pod({}, { labels: { app: 'web' } });
    const path = await prepare(
      {
        projected: {
          sources: [
            { configMap: { name: 'cfg', items: [{ key: 'a', path: 'a' }] } },
            {
              downwardAPI: {
                items: [
                  { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                  { path: 'cpu', resourceFieldRef: { containerName: 'web', resource: 'limits.cpu', divisor: '1m' } },
                ],
              },
            },
            { serviceAccountToken: { path: 'token', audience: 'vault' } },
            { podCertificate: { signerName: 's', keyType: 'ED25519' } },
          ],
        },
      },
      labelled,
    );
    assert.deepEqual(content(path), { a: '1', labels: 'app="web"', cpu: '2000', token: 'web to vault' });
    assert.deepEqual(warnings, ['volume "v" is without its podCertificate: this kubelet cannot make one']);
  });

  it("gives the token to the pod's user alone if it can, and follows it in one step", async () => {
    const isRoot = process.getuid?.() === 0;
    const owner = isRoot ? 1234 : process.getuid?.();
    const of = pod({ securityContext: { runAsUser: 1234 } });
    const volume = { projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } };
    const path = await prepare(volume, of);
    const before = readdirSync(path);
    assert.equal(statSync(join(path, 'token')).mode & 0o777, isRoot ? 0o600 : 0o644);
    assert.equal(statSync(join(path, 'token')).uid, owner);
    await prepare(volume, of);
    assert.deepEqual(readdirSync(path), before);
    tokenOf = () => Buffer.from('renewed');
    await prepare(volume, of);
    assert.deepEqual(content(path), { token: 'renewed' });
    assert.equal(statSync(join(path, 'token')).uid, owner);
  });

  it('says all that a projected volume lacks', async () => {
    tokenOf = () => {
      throw new Error('failed to fetch token: no');
    };
    const sources = [{ configMap: { name: 'x' } }, { serviceAccountToken: { path: 'token' } }];
    await assert.rejects(prepare({ projected: { sources } }), {
      message: 'MountVolume.SetUp failed for volume "v" : [configmap "x" not found, failed to fetch token: no]',
    });
  });

  const failures: [string, Omit<V1Volume, 'name'>, RegExp][] = [
    [
      'a config map that is not there',
      { configMap: { name: 'x' } },
      /SetUp failed for volume "v" : configmap "x" not found$/,
    ],
    [
      'a key that is not there',
      { configMap: { name: 'cfg', items: [{ key: 'z', path: 'z' }] } },
      /references non-existent config key: z/,
    ],
    [
      'a path that leaves the volume',
      { configMap: { name: 'cfg', items: [{ key: 'a', path: '../x' }] } },
      /must not contain '..'/,
    ],
    ['a kind of volume it does not know', { nfs: { server: 's', path: '/' } }, /no volume plugin matched/],
    [
      'a host path of the wrong type',
      { hostPath: { path: '/etc/passwd', type: 'Directory' } },
      /hostPath type check failed: \/etc\/passwd is not a directory/,
    ],
  ];
  for (const [title, volume, message] of failures) {
    it(`refuses ${title}`, () => assert.rejects(prepare(volume), { message }));
  }

  it('takes an optional config map that is not there as empty', async () => {
    assert.deepEqual(content(await prepare({ configMap: { name: 'x', optional: true } })), {});
  });

  it('keeps a sub path within its volume', async () => {
    const path = await prepare({ emptyDir: {} });
    assert.equal(await subPathOf(path, 'a/b'), join(path, 'a/b'));
    await assert.rejects(subPathOf(path, '../x'), /must stay within the volume/);
    symlinkSync('/etc', join(path, 'link'));
    await assert.rejects(subPathOf(path, 'link'), /must stay within the volume/);
  });

  it('knows a container without limits may use the whole node', async () => {
    const of = pod({ containers: [container('web', { resources: { limits: { memory: '1Mi' } } })] });
    const items = ['limits.memory', 'limits.cpu', 'requests.cpu'].map((resource) => ({
      path: resource,
      resourceFieldRef: { containerName: 'web', resource },
    }));
    const path = await prepare({ downwardAPI: { items } }, of);
    assert.deepEqual(content(path), { 'limits.memory': '1048576', 'limits.cpu': '2', 'requests.cpu': '0' });
  });
});
