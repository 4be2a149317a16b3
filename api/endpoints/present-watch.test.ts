import assert from 'node:assert/strict';
import { decodeEnvelope, decodeProtobuf, decodeTyped } from '../../openapi/protobuf-codec.ts';
import { ProtobufReader } from '../../openapi/protobuf-reader.ts';
import { badRequest } from '../../openapi/status.ts';
import type { WatchFrame } from '../http/request.ts';
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
import type { PresentOptions } from './present.ts';
import { errorEvent, eventPresenter, framed, streamType } from './present-watch.ts';

const PROTOBUF: Presentation = { ...PLAIN, format: 'protobuf' };
const TABLE: Presentation = { ...PLAIN, as: { kind: 'Table', version: 'v1' } };
const partial = (format: 'json' | 'protobuf'): Presentation => ({
  ...PLAIN,
  format,
  as: { kind: 'PartialObjectMetadata', version: 'v1' },
});
const optionsOf = (presentation: Presentation, includeObject: string | null = null): PresentOptions => ({
  presentation,
  includeObject,
  now: Date.UTC(2026, 0, 1),
});
const BOOKMARK: WatchFrame = {
  type: 'BOOKMARK',
  object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '7' } },
};

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

/** Whole messages of a protobuf stream: type and object of each. */
function eventsIn(stream: Buffer): { type: string; object: unknown }[] {
  const events: { type: string; object: unknown }[] = [];
  for (let at = 0; at < stream.length; ) {
    const size = stream.readUInt32BE(at);
    const message = stream.subarray(at + 4, at + 4 + size);
    assert.equal(message.length, size);
    const definition = 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent';
    events.push(decodeTyped(definition, { apiVersion: '', kind: '' }, message) as { type: string; object: unknown });
    at += 4 + size;
  }
  return events;
}

const linesIn = (stream: Buffer) => {
  const lines = stream.toString().split('\n');
  assert.equal(lines.pop(), '', 'every line has an end');
  return lines.map((line) => JSON.parse(line) as { type: string; object: Loose });
};

describe('presenting watch events', () => {
  const streamOf = (frames: WatchFrame[], fixture: Fixture, presentation: Presentation): Buffer => {
    const present = eventPresenter(fixture.store('configmaps').declaration, optionsOf(presentation));
    return Buffer.concat(frames.flatMap((frame) => framed(present(frame, 0), presentation)));
  };
  const added = (objects: CachedObject[]): WatchFrame[] => objects.map((object) => ({ type: 'ADDED', object }));

  it(
    'passes the stored bytes on, and parses nothing',
    withRegistry(async (fixture) => {
      const objects = await stored(fixture, 'a', 'b');
      const lines = linesIn(streamOf(added(objects.map(unparseable)), fixture, PLAIN));
      assert.deepEqual(
        lines,
        objects.map(({ object }) => ({ type: 'ADDED', object })),
      );
    }),
  );

  it(
    'writes objects that are stored nowhere, such as bookmarks',
    withRegistry(async (fixture) => {
      assert.equal(streamOf([BOOKMARK], fixture, PLAIN).toString(), `${JSON.stringify(BOOKMARK)}\n`);
      assert.deepEqual(eventsIn(streamOf([BOOKMARK], fixture, PROTOBUF)), [BOOKMARK]);
      const [line] = linesIn(streamOf([BOOKMARK], fixture, partial('json')));
      assert.deepEqual([line?.type, line?.object.kind], ['BOOKMARK', 'PartialObjectMetadata']);
    }),
  );

  it(
    'frames protobuf with its length, and encodes each object once however many watch',
    withRegistry(async (fixture) => {
      const objects = await stored(fixture, 'a', 'b');
      const events = eventsIn(streamOf(added(objects), fixture, PROTOBUF));
      assert.deepEqual(
        events,
        objects.map(({ object }) => ({ type: 'ADDED', object })),
      );
      const present = eventPresenter(fixture.store('configmaps').declaration, optionsOf(PROTOBUF));
      const other = eventPresenter(fixture.store('configmaps').declaration, optionsOf(PROTOBUF));
      const [frame] = added(objects);
      assert.ok(frame);
      assert.equal(present(frame, 0).at(-1), other({ ...frame, type: 'MODIFIED' }, 0).at(-1));
    }),
  );

  for (const format of ['json', 'protobuf'] as const) {
    it(
      `has the metadata alone in ${format}, encoded once too`,
      withRegistry(async (fixture) => {
        const objects = await stored(fixture, 'a');
        const stream = streamOf(added(objects), fixture, partial(format));
        const [event] = format === 'json' ? linesIn(stream) : eventsIn(stream);
        assert.deepEqual(event, {
          type: 'ADDED',
          object: {
            kind: 'PartialObjectMetadata',
            apiVersion: 'meta.k8s.io/v1',
            metadata: objects[0]?.object.metadata,
          },
        });
        const present = eventPresenter(fixture.store('configmaps').declaration, optionsOf(partial(format)));
        const [frame] = added(objects);
        assert.ok(frame);
        assert.equal(present(frame, 0)[1], present(frame, 1)[1]);
      }),
    );
  }

  it(
    'says what the columns are in the first Table only',
    withRegistry(async (fixture) => {
      const lines = linesIn(streamOf(added(await stored(fixture, 'a', 'b')), fixture, TABLE)) as unknown as {
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
    'refuses before the first event what no event can be',
    withRegistry(async (fixture) => {
      const { declaration } = fixture.store('configmaps');
      assert.throws(() => eventPresenter(declaration, optionsOf(TABLE, 'All')), refusedAs('BadRequest'));
      eventPresenter(declaration, optionsOf(partial('json'), 'All'));
      const lists: Presentation = { ...PLAIN, as: { kind: 'PartialObjectMetadataList', version: 'v1' } };
      assert.throws(() => eventPresenter(declaration, optionsOf(lists)), { code: 406 });
    }),
  );

  it('says why it has broken off in the same form', () => {
    const { status } = badRequest('no');
    const [line] = linesIn(Buffer.concat(errorEvent(status, PLAIN)));
    assert.deepEqual(line, { type: 'ERROR', object: status });
    const message = Buffer.concat(errorEvent(status, PROTOBUF));
    const reader = new ProtobufReader(message);
    reader.tag('WatchEvent');
    assert.equal(reader.string(), 'ERROR');
    const [event] = eventsIn(Buffer.concat(framed([message], PROTOBUF)));
    assert.deepEqual(event?.object, status);
  });

  it('has a type of its own where a stream is not a sequence of documents', () => {
    assert.equal(streamType(PLAIN), 'application/json');
    assert.equal(streamType(PROTOBUF), 'application/vnd.kubernetes.protobuf;stream=watch');
  });
});

describe('what encodes protobuf', () => {
  it('agrees with what decodes it about envelopes', () => {
    const message = Buffer.concat(errorEvent(badRequest('no').status, PROTOBUF));
    const enveloped = message.subarray(message.indexOf('k8s\0'));
    assert.equal(decodeEnvelope(enveloped).kind, 'Status');
    assert.equal((decodeProtobuf(enveloped).value as { code: number }).code, 400);
  });
});
