import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot, readGenerated } from './generated-file.ts';
import { isDeeperThan } from './json.ts';
import { parseType, wireDefinition } from './wire-schema.ts';

describe('wire schema', () => {
  const types: [string, string][] = [
    ['string', 'string'],
    ['int32', 'int32'],
    ['byte', '[]uint8'],
    ['[]string', '[]string'],
    ['[]string!v1.Capability', '[]v1.Capability'],
    ['{}string', 'map[string]string'],
    ['{}byte', 'map[string][]uint8'],
    ['{}[]string', 'map[string][]string'],
    ['{}quantity', 'map[string]resource.Quantity'],
    ['{}quantity!v1.ResourceList', 'v1.ResourceList'],
    ['string!types.UID', 'types.UID'],
    ['@io.k8s.api.core.v1.PodSpec', 'v1.PodSpec'],
    ['[]@io.k8s.api.core.v1.Container', '[]v1.Container'],
  ];
  for (const [code, name] of types) it(`calls ${code} ${name}`, () => assert.equal(parseType(code).name, name));

  it('knows the fields of a definition and how they merge', () => {
    const spec = wireDefinition('io.k8s.api.core.v1.PodSpec');
    assert.equal(spec?.struct, 'PodSpec');
    assert.equal(spec.fields.get('containers')?.kind, 'array');
    assert.deepEqual(spec.merges.get('containers'), { merge: true, replace: false, retainKeys: false, key: 'name' });
    assert.deepEqual(spec.merges.get('volumes'), { merge: true, replace: false, retainKeys: true, key: 'name' });
    assert.equal(spec.merges.get('tolerations'), undefined);
  });

  it('has the fields of both ResourceClaims apart, and the aggregator under upstream names', () => {
    assert.deepEqual(
      [...(wireDefinition('io.k8s.api.core.v1.ResourceClaim')?.fields.keys() ?? [])],
      ['name', 'request'],
    );
    assert.ok(wireDefinition('io.k8s.api.resource.v1.ResourceClaim')?.fields.has('spec'));
    assert.ok(wireDefinition('io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService'));
    assert.ok(wireDefinition('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition'));
    assert.equal(wireDefinition('constructor'), undefined);
  });

  it('refers only to definitions that exist, all under names of upstream', () => {
    const ids = Object.keys(readGenerated('wire-schema.json') as object);
    assert.ok(ids.length > 700);
    for (const id of ids) {
      assert.match(id, /^io\.k8s\.(api|apimachinery|apiextensions-apiserver|kube-aggregator)\./);
      for (const [name, type] of wireDefinition(id)?.fields ?? []) {
        const inner = type.kind === 'array' ? type.items : type.kind === 'map' ? type.values : type;
        if (inner.kind === 'ref') assert.ok(wireDefinition(inner.ref), `${id}.${name}`);
      }
    }
  });
});

describe('packageRoot', () => {
  it('finds the folder with the package file of kubets', () => {
    assert.equal(packageRoot(join(packageRoot(), 'openapi', 'generated')), packageRoot());
  });

  it('passes by package files of others, and says when there is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubets-root-'));
    try {
      writeFileSync(join(folder, 'package.json'), '{"name":"other"}');
      assert.throws(() => packageRoot(folder), /find the package root/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('isDeeperThan', () => {
  it('counts objects and arrays', () => {
    assert.equal(isDeeperThan(1, 0), false);
    assert.equal(isDeeperThan({}, 0), true);
    assert.equal(isDeeperThan({ a: [{}] }, 3), false);
    assert.equal(isDeeperThan({ a: [{}] }, 2), true);
  });
});
