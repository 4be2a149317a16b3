/** Streams that end early, framing that is wrong, heads that are too long: an answer or a closed connection, no harm. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { converse, head } from './bad-connections.ts';
import { behaves, fetchApi, listOf, namesOf, statusOf, suite, testNamespace } from './harness.ts';

const JSON_TYPE = 'content-type: application/json';
const body = JSON.stringify({ metadata: { name: 'never' } });
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

suite('broken connections', () => {
  const namespace = testNamespace();
  const maps = namespace.path('configmaps');

  const refused: [title: string, bytes: () => string, answer: RegExp][] = [
    ['no HTTP at all', () => 'nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without a colon', () => head('GET', maps, 'nonsense'), /^HTTP\/1\.1 400 /],
    ['a blank in the name of a header', () => head('GET', maps, 'a b: c'), /^HTTP\/1\.1 400 /],
    ['two lengths', () => head('POST', maps, 'content-length: 5', 'content-length: 6') + body, /^HTTP\/1\.1 400 /],
    ['a negative length', () => head('POST', maps, 'content-length: -1') + body, /^HTTP\/1\.1 400 /],
    ['a length that is a word', () => head('POST', maps, 'content-length: all') + body, /^HTTP\/1\.1 400 /],
    ['an unknown transfer encoding', () => head('POST', maps, 'transfer-encoding: x') + body, /^HTTP\/1\.1 (400|501) /],
    ['a path without a slash', () => head('GET', 'api'), /^HTTP\/1\.1 (400|404) /],
    ['a percent sign that escapes nothing', () => head('GET', `${maps}/%zz`), /^HTTP\/1\.1 400 /],
    ['a percent sign at the end', () => head('GET', `${maps}/%`), /^HTTP\/1\.1 400 /],
    ['a header of two MiB', () => head('GET', maps, `x-long: ${'x'.repeat(2 << 20)}`), /^(HTTP\/1\.1 431 |$)/],
    ['a URL of two MiB', () => head('GET', `${maps}?a=${'x'.repeat(2 << 20)}`), /^(HTTP\/1\.1 4(14|31) |$)/],
    [
      'a chunk whose length is no number',
      () => `${head('POST', maps, JSON_TYPE, 'transfer-encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 (400|500) /,
    ],
    [
      'a chunk that is longer than it says',
      () => `${head('POST', maps, JSON_TYPE, 'transfer-encoding: chunked')}2\r\n${body}\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 (400|500) /,
    ],
  ];
  for (const [title, bytes, answer] of refused) {
    behaves(`${title} is refused`, async () => assert.match((await converse(bytes())).slice(0, 40), answer));
  }

  const broken: [title: string, bytes: string][] = [
    ['before the body', head('POST', maps, JSON_TYPE, 'content-length: 500')],
    ['in the body', head('POST', maps, JSON_TYPE, 'content-length: 500') + body],
    ['in the head', head('POST', maps, JSON_TYPE, `content-length: ${body.length}`).slice(0, -3)],
    ['before the last chunk', head('POST', maps, JSON_TYPE, 'transfer-encoding: chunked') + chunk(body)],
    ['in a patch', head('PATCH', `${maps}/never`, 'content-type: application/apply-patch+yaml', 'content-length: 99')],
    ['in a watch', head('GET', `${maps}?watch=true`)],
  ];
  for (const [title, bytes] of broken) {
    behaves(`a connection that breaks ${title} does nothing`, async () => {
      await converse(bytes, { hangUp: true });
      assert.ok(!namesOf(listOf(await fetchApi('GET', maps))).includes('never'));
    });
  }

  behaves('long heads are read as far as upstream reads them', async () => {
    const headers = { 'x-long': 'x'.repeat(200_000) };
    listOf(await fetchApi('GET', `${maps}?unheard=${'x'.repeat(200_000)}`, { headers }));
  });

  behaves('a body in chunks is read as one', async () => {
    const bytes = `${head('POST', `${maps}?dryRun=All`, JSON_TYPE, 'transfer-encoding: chunked')}${[...body].map(chunk).join('')}0\r\n\r\n`;
    assert.match(await converse(bytes), /^HTTP\/1\.1 201 /);
  });

  behaves('a body that is compressed is not read', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    statusOf(await fetchApi('POST', maps, { headers, body: gzipSync(body) }), { code: 400, reason: 'BadRequest' });
  });

  behaves('a hundred connections that say nothing keep nobody out', async () => {
    const silent = Array.from({ length: 100 }, () => converse('GET ', { hangUp: true }));
    assert.equal((await fetchApi('GET', '/readyz')).text, 'ok');
    await Promise.all(silent);
    assert.equal((await fetchApi('GET', '/readyz')).text, 'ok');
  });
});
