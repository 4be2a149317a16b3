import assert from 'node:assert/strict';
import { decodeProtobuf } from '../../openapi/protobuf-codec.ts';
import type { ApiResult, ListMetadata } from '../http/request.ts';
import type { ResourceDeclaration } from '../registry/declaration.ts';
import {
  configMap,
  type Fixture,
  type Loose,
  NAMESPACE,
  refusedAs,
  WRITE,
  withRegistry,
} from '../registry/store/store.fixture.ts';
import { CachedObject } from '../storage/watch-cache.ts';
import { PLAIN, type Presentation } from './negotiate.ts';
import { type PresentOptions, presentList, presentObject, slices } from './present.ts';

const TABLE: Presentation = { ...PLAIN, as: { kind: 'Table', version: 'v1' } };
const PARTIAL: Presentation = { ...PLAIN, as: { kind: 'PartialObjectMetadata', version: 'v1' } };
const PARTIALS: Presentation = { ...PLAIN, as: { kind: 'PartialObjectMetadataList', version: 'v1' } };
const PROTOBUF = { format: 'protobuf' } as const;
const optionsOf = (presentation: Presentation, includeObject: string | null = null): PresentOptions => ({
  presentation,
  includeObject,
  now: Date.UTC(2026, 0, 1),
});

async function stored(fixture: Fixture, ...names: string[]): Promise<CachedObject[]> {
  const store = fixture.store('configmaps');
  for (const name of names) await store.create(NAMESPACE, configMap(name, { k: name }), WRITE);
  return names.map((name) => store.get(NAMESPACE, name));
}

/** A cached object whose parse would show. */
function unparseable(object: CachedObject): CachedObject {
  const opaque = new CachedObject(object.key, object.revision, object.bytes, () => ({}));
  Object.defineProperty(opaque, 'object', {
    get: () => assert.fail('an object was parsed to be served as it is stored'),
  });
  return opaque;
}

const parse = (pieces: readonly Buffer[]) => JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;

describe('presenting an object', () => {
  const asResult = (object: CachedObject, fixture: Fixture): Extract<ApiResult, { kind: 'object' }> => ({
    kind: 'object',
    status: 200,
    object,
    resource: fixture.store('configmaps').declaration,
  });

  it(
    'passes the stored bytes on, and parses nothing',
    withRegistry(async (fixture) => {
      const [object] = await stored(fixture, 'a');
      assert.ok(object);
      const opaque = unparseable(object);
      const pieces = presentObject(asResult(opaque, fixture), optionsOf(PLAIN));
      assert.ok(pieces[0] === opaque.bytes);
      assert.equal(Buffer.concat(pieces.slice(1)).toString(), '\n');
    }),
  );

  const forms: { title: string; presentation: Presentation; check(text: string): void }[] = [
    {
      title: 'indented',
      presentation: { ...PLAIN, pretty: true },
      check: (text) => assert.match(text, /^\{\n {2}"kind": "ConfigMap",\n/),
    },
    {
      title: 'as YAML',
      presentation: { format: 'yaml', pretty: false },
      check: (text) => assert.match(text, /^apiVersion: v1\ndata:\n {2}k: a\nkind: ConfigMap\nmetadata:\n/),
    },
    {
      title: 'as its metadata',
      presentation: PARTIAL,
      check: (text) => {
        const { kind, apiVersion, metadata, data } = JSON.parse(text) as Loose;
        assert.deepEqual([kind, apiVersion, metadata?.name], ['PartialObjectMetadata', 'meta.k8s.io/v1', 'a']);
        assert.equal(data, undefined);
      },
    },
    {
      title: 'as a Table of one row',
      presentation: TABLE,
      check: (text) => {
        const table = JSON.parse(text) as { kind: string; rows: { cells: unknown[] }[]; columnDefinitions: object[] };
        assert.equal(table.kind, 'Table');
        assert.deepEqual(table.rows[0]?.cells, ['a', 1, '0s']);
        assert.equal(table.columnDefinitions.length, 3);
      },
    },
  ];
  for (const { title, presentation, check } of forms) {
    it(
      `writes it ${title}`,
      withRegistry(async (fixture) => {
        const [object] = await stored(fixture, 'a');
        assert.ok(object);
        check(Buffer.concat(presentObject(asResult(object, fixture), optionsOf(presentation))).toString());
      }),
    );
  }
});

describe('presenting an object in protobuf', () => {
  const asResult = (object: CachedObject, fixture: Fixture): Extract<ApiResult, { kind: 'object' }> => ({
    kind: 'object',
    status: 200,
    object,
    resource: fixture.store('configmaps').declaration,
  });
  const present = (object: CachedObject, fixture: Fixture, presentation: Presentation) =>
    presentObject(asResult(object, fixture), optionsOf(presentation));

  it(
    'encodes it once, whoever asks',
    withRegistry(async (fixture) => {
      const [object] = await stored(fixture, 'a');
      assert.ok(object);
      const presentation = { ...PLAIN, ...PROTOBUF };
      const [first] = present(object, fixture, presentation);
      assert.ok(first);
      assert.deepEqual(decodeProtobuf(first).value, object.object);
      assert.equal(present(object, fixture, presentation)[0], first);
    }),
  );

  for (const version of ['v1', 'v1beta1']) {
    it(
      `has its metadata as ${version} has it`,
      withRegistry(async (fixture) => {
        const [object] = await stored(fixture, 'a');
        assert.ok(object);
        const as = { kind: 'PartialObjectMetadata', version } as const;
        const [bytes] = present(object, fixture, { ...PLAIN, ...PROTOBUF, as });
        assert.ok(bytes);
        assert.deepEqual(decodeProtobuf(bytes).value, {
          kind: 'PartialObjectMetadata',
          apiVersion: `meta.k8s.io/${version}`,
          metadata: object.object.metadata,
        });
      }),
    );
  }
});

describe('presenting what is no object of the resource', () => {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  const result = (object: object, resource: ResourceDeclaration): Extract<ApiResult, { kind: 'object' }> => ({
    kind: 'object',
    status: 200,
    object,
    resource,
  });

  for (const presentation of [PLAIN, TABLE, PARTIAL, PARTIALS]) {
    it(
      `shows a Status as it is, asked for ${presentation.as?.kind ?? 'nothing else'}`,
      withRegistry(async ({ store }) => {
        const { declaration } = store('configmaps');
        assert.deepEqual(parse(presentObject(result(status, declaration), optionsOf(presentation))), status);
      }),
    );
  }

  it(
    'has columns for a Scale, whatever it is the scale of',
    withRegistry(async ({ store }) => {
      const { declaration } = store('replicationcontrollers');
      const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name: 'a' }, spec: { replicas: 3 } };
      const table = parse(presentObject(result(scale, declaration), optionsOf(TABLE))) as {
        columnDefinitions: { name: string }[];
        rows: { cells: unknown[] }[];
      };
      assert.deepEqual(
        table.columnDefinitions.map(({ name }) => name),
        ['Name', 'Desired', 'Available', 'Age'],
      );
      assert.deepEqual(table.rows[0]?.cells, ['a', 3, 0, '<unknown>']);
    }),
  );

  it(
    'refuses a Table of what is only ever created, and of what has no columns',
    withRegistry(async ({ store }) => {
      const { declaration } = store('configmaps');
      const review: ResourceDeclaration = { ...declaration, kind: 'Review', virtual: { create: (object) => object } };
      const refused = { code: 406, message: /^only the following media types are accepted: application\/json, / };
      assert.throws(
        () => presentObject(result({ kind: 'Review', apiVersion: 'v1' }, review), optionsOf(TABLE)),
        refused,
      );
      const binding = { kind: 'Binding', apiVersion: 'v1' };
      assert.throws(() => presentObject(result(binding, declaration), optionsOf(TABLE)), refused);
    }),
  );

  it(
    'says which of a list and an object is asked for as the other',
    withRegistry(async ({ store }) => {
      const { declaration } = store('configmaps');
      const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} };
      assert.throws(() => presentObject(result(object, declaration), optionsOf(PARTIALS)), {
        code: 406,
        message: 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
      });
      const list = { kind: 'list', items: [], metadata: { resourceVersion: '1' } } as const;
      const custom = { ...declaration, group: 'example.com', decode: () => assert.fail('nothing is decoded') };
      for (const [resource, type] of [
        [declaration, '*core.ConfigMapList'],
        [{ ...declaration, group: 'rbac.authorization.k8s.io', kind: 'Role' }, '*rbac.RoleList'],
        [custom, '*unstructured.UnstructuredList'],
      ] as const)
        assert.throws(() => presentList({ ...list, items: [], resource }, optionsOf(PARTIAL)), {
          code: 406,
          message: `you requested PartialObjectMetadata, but the requested object is a list (${type})`,
        });
    }),
  );
});

describe('presenting a list', () => {
  const metadata: ListMetadata = { resourceVersion: '9', continue: 'x', remainingItemCount: 3 };
  const asResult = (items: CachedObject[], fixture: Fixture): Extract<ApiResult, { kind: 'list' }> => ({
    kind: 'list',
    items,
    metadata,
    resource: fixture.store('configmaps').declaration,
  });

  it(
    'joins the stored bytes without kind and version, and parses nothing',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a', 'b', 'c');
      const list = parse(presentList(asResult(items.map(unparseable), fixture), optionsOf(PLAIN)));
      assert.deepEqual([list.kind, list.apiVersion, list.metadata], ['ConfigMapList', 'v1', metadata]);
      const expected = items.map(({ object: { kind: _kind, apiVersion: _version, ...rest } }) => rest);
      assert.deepEqual(list.items, expected);
    }),
  );

  it(
    'leaves kind and version to custom resources',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a');
      const result = asResult(items, fixture);
      const resource = { ...result.resource, group: 'example.com', decode: () => assert.fail('nothing is decoded') };
      const list = parse(presentList({ ...result, metadata: { resourceVersion: '9' }, resource }, optionsOf(PLAIN)));
      assert.deepEqual(
        list.items,
        items.map(({ object }) => object),
      );
      assert.deepEqual(list.metadata, { resourceVersion: '9', continue: '' });
    }),
  );

  it(
    'joins in protobuf what was encoded once an object',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a', 'b');
      const result = asResult(items, fixture);
      const presentation = { ...PLAIN, ...PROTOBUF };
      const pieces = presentList(result, optionsOf(presentation));
      const json = parse(presentList(result, optionsOf(PLAIN)));
      assert.deepEqual(decodeProtobuf(Buffer.concat(pieces)).value, json);
      const again = presentList(result, optionsOf(presentation));
      assert.equal(pieces.filter((piece) => again.includes(piece)).length >= items.length, true);
    }),
  );

  for (const version of ['v1', 'v1beta1'] as const) {
    it(
      `lists metadata in protobuf as ${version} has it`,
      withRegistry(async (fixture) => {
        const items = await stored(fixture, 'a', 'b');
        const as = { kind: 'PartialObjectMetadataList', version } as const;
        const bytes = Buffer.concat(presentList(asResult(items, fixture), optionsOf({ ...PLAIN, ...PROTOBUF, as })));
        assert.deepEqual(decodeProtobuf(bytes).value, {
          kind: 'PartialObjectMetadataList',
          apiVersion: `meta.k8s.io/${version}`,
          metadata,
          items: items.map(({ object }) => ({ metadata: object.metadata })),
        });
      }),
    );
  }

  it(
    'of nothing is a list',
    withRegistry(async (fixture) => {
      assert.deepEqual(parse(presentList(asResult([], fixture), optionsOf(PLAIN))).items, []);
    }),
  );

  for (const [includeObject, row] of [
    [null, 'PartialObjectMetadata'],
    ['Metadata', 'PartialObjectMetadata'],
    ['Object', 'ConfigMap'],
    ['None', undefined],
  ] as const) {
    it(
      `as a Table has rows with ${row ?? 'nothing'} when asked for ${includeObject ?? 'nothing'}`,
      withRegistry(async (fixture) => {
        const items = await stored(fixture, 'a', 'b');
        const table = parse(presentList(asResult(items, fixture), optionsOf(TABLE, includeObject)));
        const rows = table.rows as { cells: unknown[]; object: { kind: string } | null }[];
        assert.deepEqual(
          rows.map(({ cells }) => cells[0]),
          ['a', 'b'],
        );
        assert.deepEqual(
          rows.map(({ object }) => object?.kind),
          [row, row],
        );
        assert.deepEqual(table.metadata, metadata);
      }),
    );
  }

  it(
    'as a Table refuses rows of an unknown kind',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a');
      assert.throws(
        () => presentList(asResult(items, fixture), optionsOf(TABLE, 'All')),
        refusedAs('BadRequest', /includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty$/),
      );
    }),
  );

  it(
    'as metadata is a list of metadata',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a');
      const list = parse(presentList(asResult(items, fixture), optionsOf(PARTIALS)));
      assert.equal(list.kind, 'PartialObjectMetadataList');
      assert.equal((list.items as Loose[])[0]?.kind, 'PartialObjectMetadata');
    }),
  );
});

describe('slices', () => {
  const sizes = (pieces: number[]) => [...slices(pieces.map((size) => Buffer.alloc(size)))].map(({ length }) => length);
  const KIB = 1024;

  const cases: { title: string; pieces: number[]; expected: number[] }[] = [
    { title: 'nothing', pieces: [], expected: [] },
    { title: 'only empty pieces', pieces: [0, 0], expected: [] },
    { title: 'small pieces', pieces: [1, 2, 3], expected: [6] },
    {
      title: 'pieces that fill several, ever larger ones',
      pieces: Array(13).fill(20 * KIB),
      expected: [80 * KIB, 140 * KIB, 40 * KIB],
    },
    {
      title: 'a great many',
      pieces: Array(2000).fill(KIB),
      expected: [64, 128, 256, 512, 512, 512, 16].map((n) => n * KIB),
    },
    { title: 'a piece larger than one', pieces: [1, 500 * KIB, 1], expected: [500 * KIB + 1, 1] },
  ];
  for (const { title, pieces, expected } of cases) {
    it(`joins ${title}`, () => assert.deepEqual(sizes(pieces), expected));
  }

  it('copies no single piece, and makes no slice before it is asked for', () => {
    const piece = Buffer.alloc(KIB);
    assert.equal(slices([piece]).next().value, piece);
    let made = 0;
    const endless = function* () {
      for (;;) {
        made++;
        yield Buffer.alloc(64 * KIB);
      }
    };
    const slicing = slices(endless());
    slicing.next();
    assert.equal(made, 1);
  });
});
