import assert from 'node:assert/strict';
import type { V1ControllerRevision } from '../../openapi/generated/types.ts';
import { goJson } from './go-json.ts';
import {
  canonicalData,
  compareRevisions,
  nextRevision,
  revisionHash,
  revisionName,
  safeEncoded,
  templateOf,
  templatePatch,
} from './revision.ts';

/** The template of upstream's compatibility data. */
const SPEC = {
  containers: [
    {
      name: 'test',
      image: 'test',
      imagePullPolicy: 'Always',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    },
  ],
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};
const METADATA = { annotations: { test: 'value' }, labels: { app: 'foo' } };

function revision(number: number, name: string, creationTimestamp = '2026-01-01T00:00:00Z'): V1ControllerRevision {
  return { revision: number, metadata: { name, creationTimestamp } };
}

describe('goJson', () => {
  for (const [value, text] of [
    [{ b: 1, a: [true, null, { d: 'x', c: undefined }] }, '{"a":[true,null,{"d":"x"}],"b":1}'],
    [{ text: 'a<b>&"\n\u2028' }, '{"text":"a\\u003cb\\u003e\\u0026\\"\\n\\u2028"}'],
    [{}, '{}'],
  ] as const) {
    it(`writes ${text}`, () => assert.equal(goJson(value), text));
  }
});

describe('revisionHash', () => {
  it('is what upstream 1.34 made of the same template', () => {
    assert.equal(revisionHash(templatePatch({ metadata: METADATA, spec: SPEC }), 0), '776999688b');
  });

  it('is what upstream 1.33 made of it, which wrote a creation time of null', () => {
    const metadata = { ...METADATA, creationTimestamp: null as unknown as string };
    assert.equal(revisionHash(templatePatch({ metadata, spec: SPEC }), 0), 'c77f6d978');
  });

  it('differs after a collision', () => {
    const data = templatePatch({ spec: SPEC });
    assert.notEqual(revisionHash(data, 0), revisionHash(data, 1));
  });

  it('has signs of the safe alphabet only', () => assert.equal(safeEncoded(1234567890), '56789bcdf4'));
});

describe('a revision of a template', () => {
  it('gives the template back as it was', () => {
    const template = { metadata: METADATA, spec: SPEC };
    assert.deepEqual(templateOf({ revision: 1, data: templatePatch(template) }), template);
    assert.equal(templateOf({ revision: 1, data: { spec: {} } }), undefined);
    assert.equal(templateOf({ revision: 1 }), undefined);
  });

  it('means the same whatever the order of its fields and whether a field is null or absent', () => {
    const a = { spec: { template: { metadata: { creationTimestamp: null, labels: { a: '1', b: '2' } } } } };
    const b = { spec: { template: { metadata: { labels: { b: '2', a: '1' } } } } };
    assert.equal(canonicalData(a), canonicalData(b));
    assert.notEqual(canonicalData(a), canonicalData({ spec: { template: { metadata: { labels: { a: '1' } } } } }));
  });

  it('is named after its owner, whose name is cut to fit', () => {
    assert.equal(revisionName('web', 'x1'), 'web-x1');
    assert.equal(revisionName('w'.repeat(300), 'x1').length, 223 + 3);
  });
});

describe('compareRevisions', () => {
  it('puts the lowest number first, then the oldest, then by name', () => {
    const sorted = [
      revision(2, 'a'),
      revision(1, 'd', '2026-01-01T00:00:05Z'),
      revision(1, 'c'),
      revision(1, 'b'),
    ].sort(compareRevisions);
    assert.deepEqual(
      sorted.map(({ metadata }) => metadata?.name),
      ['b', 'c', 'd', 'a'],
    );
    assert.equal(nextRevision(sorted), 3);
    assert.equal(nextRevision([]), 1);
  });
});
