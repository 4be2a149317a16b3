import assert from 'node:assert/strict';
import type { ApiResult, ListMetadata, WatchFrame } from '../http/request.ts';
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
import { framePresenter, type PresentOptions, presentList, presentObject, slices } from './present.ts';

const TABLE: Presentation = { ...PLAIN, as: { kind: 'Table', version: 'v1' } };
const PARTIAL: Presentation = { ...PLAIN, as: { kind: 'PartialObjectMetadata', version: 'v1' } };
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
      const pieces = await presentObject(asResult(opaque, fixture), optionsOf(PLAIN));
      assert.equal(pieces.length, 1);
      assert.ok(pieces[0] === opaque.bytes);
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
      check: (text) => assert.match(text, /^kind: ConfigMap\napiVersion: v1\nmetadata:\n/),
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
        check(Buffer.concat(await presentObject(asResult(object, fixture), optionsOf(presentation))).toString());
      }),
    );
  }
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
      const list = parse(await presentList(asResult(items.map(unparseable), fixture), optionsOf(PLAIN)));
      assert.deepEqual([list.kind, list.apiVersion, list.metadata], ['ConfigMapList', 'v1', metadata]);
      const expected = items.map(({ object: { kind: _kind, apiVersion: _version, ...rest } }) => rest);
      assert.deepEqual(list.items, expected);
    }),
  );

  it(
    'of nothing is a list',
    withRegistry(async (fixture) => {
      assert.deepEqual(parse(await presentList(asResult([], fixture), optionsOf(PLAIN))).items, []);
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
        const table = parse(await presentList(asResult(items, fixture), optionsOf(TABLE, includeObject)));
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
      await assert.rejects(
        presentList(asResult(items, fixture), optionsOf(TABLE, 'All')),
        refusedAs('BadRequest', /includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty$/),
      );
    }),
  );

  it(
    'as metadata is a list of metadata',
    withRegistry(async (fixture) => {
      const items = await stored(fixture, 'a');
      const list = parse(await presentList(asResult(items, fixture), optionsOf(PARTIAL)));
      assert.equal(list.kind, 'PartialObjectMetadataList');
      assert.equal((list.items as Loose[])[0]?.kind, 'PartialObjectMetadata');
    }),
  );
});

describe('presenting watch frames', () => {
  const framesOf = (objects: CachedObject[], fixture: Fixture, options: PresentOptions): Record<string, Loose>[] => {
    const present = framePresenter(fixture.store('configmaps').declaration, options);
    // One batch after the other: what must be said once must not be said again.
    const pieces = objects.flatMap((object) => [...present([{ type: 'ADDED', object }], options.now)]);
    const lines = Buffer.concat(pieces).toString().split('\n');
    assert.equal(lines.pop(), '', 'every line has an end');
    return lines.map((line) => JSON.parse(line));
  };

  it(
    'passes the stored bytes on, and parses nothing',
    withRegistry(async (fixture) => {
      const objects = await stored(fixture, 'a', 'b');
      const lines = framesOf(objects.map(unparseable), fixture, optionsOf(PLAIN));
      assert.deepEqual(
        lines,
        objects.map(({ object }) => ({ type: 'ADDED', object })),
      );
    }),
  );

  it(
    'writes objects that are stored nowhere, such as bookmarks',
    withRegistry(async (fixture) => {
      const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '7' } };
      const present = framePresenter(fixture.store('configmaps').declaration, optionsOf(PLAIN));
      const frame: WatchFrame = { type: 'BOOKMARK', object };
      assert.equal(Buffer.concat([...present([frame], 0)]).toString(), `${JSON.stringify(frame)}\n`);
    }),
  );

  it(
    'says what the columns are in the first Table only',
    withRegistry(async (fixture) => {
      const lines = framesOf(await stored(fixture, 'a', 'b'), fixture, optionsOf(TABLE)) as unknown as {
        object: { columnDefinitions: object[] | null; rows: { cells: unknown[] }[] };
      }[];
      assert.deepEqual(
        lines.map(({ object }) => object.columnDefinitions?.length),
        [3, undefined],
      );
      assert.deepEqual(
        lines.map(({ object }) => object.rows[0]?.cells[0]),
        ['a', 'b'],
      );
    }),
  );

  it(
    'refuses Tables with rows of an unknown kind before the first frame, metadata never',
    withRegistry(async (fixture) => {
      const { declaration } = fixture.store('configmaps');
      assert.throws(() => framePresenter(declaration, optionsOf(TABLE, 'All')), refusedAs('BadRequest'));
      framePresenter(declaration, optionsOf(PARTIAL, 'All'));
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
    { title: 'pieces that fill several', pieces: Array(10).fill(20 * KIB), expected: [80 * KIB, 80 * KIB, 40 * KIB] },
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
