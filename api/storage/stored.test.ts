import assert from 'node:assert/strict';
import { StorageError } from './interface.ts';
import { atRevision, encodeStored, served } from './stored.ts';

describe('encodeStored', () => {
  it('puts kind, apiVersion and metadata first and leaves the resourceVersion out', () => {
    const pod = { spec: {}, metadata: { name: 'web', resourceVersion: '7', uid: 'u' }, apiVersion: 'v1', kind: 'Pod' };
    assert.equal(
      encodeStored(pod).toString(),
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","uid":"u"},"spec":{}}',
    );
    assert.equal(pod.metadata.resourceVersion, '7', 'the object is not changed');
  });
});

describe('served', () => {
  const cases: [title: string, stored: string, served: string][] = [
    [
      'puts the resourceVersion first into metadata',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"é"},"spec":{"a":[1]}}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"9","name":"é"},"spec":{"a":[1]}}',
    ],
    [
      'copes with metadata that is empty',
      '{"kind":"Pod","apiVersion":"v1","metadata":{}}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"9"}}',
    ],
    [
      'copes with an object without a type',
      '{"metadata":{"name":"a"}}',
      '{"metadata":{"resourceVersion":"9","name":"a"}}',
    ],
    [
      'leaves a resourceVersion elsewhere alone, byte for byte',
      '{"kind":"Event","metadata":{"name":"a"},"n":1.0,"involvedObject":{"resourceVersion":"3"}}',
      '{"kind":"Event","metadata":{"resourceVersion":"9","name":"a"},"n":1.0,"involvedObject":{"resourceVersion":"3"}}',
    ],
    [
      'replaces a resourceVersion that somebody stored',
      '{"kind":"Pod","metadata":{"name":"a","resourceVersion":"3"}}',
      '{"kind":"Pod","metadata":{"resourceVersion":"9","name":"a"}}',
    ],
    [
      'encodes again what others wrote in another order',
      ' {"spec":{}, "metadata": {"name":"a"}, "apiVersion":"v1", "kind":"Pod"}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"9","name":"a"},"spec":{}}',
    ],
    ['gives metadata to an object without', '{"kind":"X"}', '{"kind":"X","metadata":{"resourceVersion":"9"}}'],
  ];
  for (const [title, stored, expected] of cases) {
    it(title, () => assert.equal(served(Buffer.from(stored), 9).toString(), expected));
  }

  it('refuses what is no JSON object', () => {
    for (const text of ['', 'k8s\0', '[]', '"metadata"', 'null', '{"kind":"Pod"']) {
      assert.throws(
        () => served(Buffer.from(text), 1),
        (error) => error instanceof StorageError && error.code === 'Damaged',
      );
    }
  });
});

describe('atRevision', () => {
  it('gives what parsing the served bytes gives, without touching the object', () => {
    const pod = { metadata: { name: 'a', resourceVersion: '1' }, spec: { b: 1 }, kind: 'Pod', apiVersion: 'v1' };
    const copy = structuredClone(pod);
    const later = atRevision(pod, 9);
    assert.equal(JSON.stringify(later), served(encodeStored(pod), 9).toString());
    assert.deepEqual(pod, copy);
  });
});
