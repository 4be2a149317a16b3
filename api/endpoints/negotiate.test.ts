import assert from 'node:assert/strict';
import { checkRoute, LIST_TYPES, negotiate, type Offer, parseAccept } from './negotiate.ts';

const JSON_TYPE = 'application/json';
const YAML = 'application/yaml';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const as = (type: string, kind: string, version = 'v1', group = 'meta.k8s.io') =>
  `${type};as=${kind};v=${version};g=${group}`;
const OBJECT: Offer = { transforms: true };

/** The form in a few letters: `json`, `yaml Table v1`, `406`. */
function chosen(accept: string | undefined, offer: Offer = OBJECT): string {
  try {
    const { format, as: form, pretty } = negotiate(accept, offer);
    return [format, ...(form ? [form.kind, form.version] : []), ...(pretty ? ['pretty'] : [])].join(' ');
  } catch (error) {
    return String((error as { code?: number }).code);
  }
}

describe('negotiate', () => {
  // Each as kube-apiserver answers it.
  const cases: [accept: string | undefined, expected: string, offer?: Offer][] = [
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['*', 'json'],
    [JSON_TYPE, 'json'],
    [YAML, 'yaml'],
    [PROTOBUF, 'protobuf'],
    [` ${JSON_TYPE} ; charset=utf-8`, 'json'],
    ['application/JSON', '406'],
    ['text/html', '406'],
    ['nonsense', '406'],
    [',', '406'],
    ['a/b/c', '406'],
    [`text/html,${YAML}`, 'yaml'],
    // Weights.
    [`${YAML};q=0.5,${JSON_TYPE};q=0.4`, 'yaml'],
    [`${JSON_TYPE};q=0.2,${YAML};q=0.9`, 'yaml'],
    [`*/*;q=0.1,${YAML};q=0.1`, 'yaml'],
    ['*/*;q=0', 'json'],
    [`${JSON_TYPE};q=none`, 'json'],
    [`${JSON_TYPE};q=none,${YAML};q=0.1`, 'yaml'],
    // Transformations.
    [as(JSON_TYPE, 'Table'), 'json Table v1'],
    [`${as(JSON_TYPE, 'Table')},${JSON_TYPE}`, 'json Table v1'],
    [as(YAML, 'Table', 'v1beta1'), 'yaml Table v1beta1'],
    [as(PROTOBUF, 'Table'), '406'],
    [`${as(PROTOBUF, 'Table')},${PROTOBUF}`, 'protobuf'],
    [as('*/*', 'Table'), 'json Table v1'],
    [as(PROTOBUF, 'PartialObjectMetadata'), 'protobuf PartialObjectMetadata v1'],
    [as(PROTOBUF, 'PartialObjectMetadataList', 'v1beta1'), 'protobuf PartialObjectMetadataList v1beta1'],
    [as(JSON_TYPE, 'Table', 'v9'), '406'],
    [as(JSON_TYPE, 'Table', 'v1', 'example.com'), '406'],
    [as(JSON_TYPE, 'Nonsense'), '406'],
    [`${JSON_TYPE};v=v1`, '406'],
    [`${as(JSON_TYPE, 'Nonsense')},${YAML}`, 'yaml'],
    // Errors and discovery are only what they are.
    [as(JSON_TYPE, 'Table'), '406', {}],
    [`${as(JSON_TYPE, 'Table')},${JSON_TYPE}`, 'json', {}],
    // Nor has everything columns.
    [as(JSON_TYPE, 'Table'), '406', { transforms: true, tables: false }],
    [as(JSON_TYPE, 'PartialObjectMetadata'), 'json PartialObjectMetadata v1', { transforms: true, tables: false }],
    // Custom resources have no protobuf, but their metadata has.
    [PROTOBUF, '406', { transforms: true, protobuf: false }],
    [`${PROTOBUF},${JSON_TYPE}`, 'json', { transforms: true, protobuf: false }],
    [as(PROTOBUF, 'PartialObjectMetadata'), 'protobuf PartialObjectMetadata v1', { transforms: true, protobuf: false }],
    // Watches.
    [`${JSON_TYPE};stream=watch`, 'json'],
    [`${PROTOBUF};stream=watch`, 'protobuf', { transforms: true, stream: true }],
    [`${JSON_TYPE};stream=other`, '406'],
    [`${YAML};stream=watch`, '406'],
    [YAML, '406', { transforms: true, stream: true }],
    [`${YAML},${JSON_TYPE}`, '406', { transforms: true, stream: true }],
    [`${YAML};q=0.5,${JSON_TYPE}`, 'json', { transforms: true, stream: true }],
    // Other parameters.
    [`${JSON_TYPE};sv=v1`, 'json'],
    [`${JSON_TYPE};sv=v2`, '406'],
    [`${JSON_TYPE};unknown=1;half`, 'json'],
    // Indentation.
    [`${JSON_TYPE};pretty=1`, 'json pretty'],
    [`${JSON_TYPE};pretty=0`, 'json'],
    [`${JSON_TYPE};pretty=1`, 'json', { stream: true }],
    [undefined, 'json pretty', { userAgent: 'curl/7.88.1' }],
    [undefined, 'json pretty', { userAgent: 'Mozilla/5.0 (X11)' }],
    [undefined, 'json pretty', { userAgent: 'Wget/1.21' }],
    [undefined, 'json', { userAgent: 'kubectl/v1.36.0' }],
    [undefined, 'json', { userAgent: 'curl/7.88.1', pretty: 'false' }],
    [undefined, 'json', { userAgent: 'curl/7.88.1', pretty: 'nonsense' }],
    [undefined, 'json pretty', { userAgent: 'curl/7.88.1', pretty: '' }],
    [undefined, 'json pretty', { pretty: 'T' }],
    [undefined, 'json', { pretty: 'tRUE' }],
    [YAML, 'yaml', { pretty: 'true' }],
    [PROTOBUF, 'protobuf', { userAgent: 'curl/7.88.1' }],
  ];
  for (const [accept, expected, offer] of cases) {
    it(`answers ${JSON.stringify(accept)} of ${JSON.stringify(offer ?? 'an object')} with ${expected}`, () =>
      assert.equal(chosen(accept, offer), expected));
  }

  it('names in a refusal what there is', () => {
    const message = `only the following media types are accepted: ${JSON_TYPE}, ${YAML}, ${PROTOBUF}`;
    assert.throws(() => negotiate('text/html'), { code: 406, message });
    assert.throws(() => negotiate(YAML, { stream: true }), {
      code: 406,
      message: `only the following media types are accepted: ${JSON_TYPE};stream=watch, ${PROTOBUF};stream=watch`,
    });
  });
});

describe('checkRoute', () => {
  for (const accept of [undefined, '', '*/*', '*/*;q=0.1', JSON_TYPE, ` ${YAML};x=y`, `text/html, ${PROTOBUF}`]) {
    it(`lets ${JSON.stringify(accept)} pass`, () => checkRoute(accept));
  }
  for (const accept of ['application/*', 'text/html', 'APPLICATION/JSON', ',', '*']) {
    it(`refuses ${JSON.stringify(accept)}`, () =>
      assert.throws(() => checkRoute(accept), {
        code: 406,
        message: `406: Not Acceptable\n\nAvailable representations: ${JSON_TYPE}, ${YAML}, ${PROTOBUF}`,
      }));
  }

  it('says of a collection that it can be watched', () => {
    const message = new RegExp(`${PROTOBUF}, ${JSON_TYPE};stream=watch, ${PROTOBUF};stream=watch$`);
    assert.throws(() => checkRoute('text/html', LIST_TYPES), { message });
  });
});

describe('parseAccept', () => {
  it('orders by weight, then what is named before what is not, as far as Go does', () => {
    const order = (accept: string) => parseAccept(accept).map(({ type }) => type);
    assert.deepEqual(order('a/b;q=0.1, c/d, e/f;q=0.5'), ['c/d', 'e/f', 'a/b']);
    assert.deepEqual(order('*/*, a/*, a/b'), ['a/b', 'a/*', '*/*']);
    assert.deepEqual(order('*/*;q=0.9, a/b;q=0.1'), ['a/b', '*/*']);
    assert.deepEqual(order('a/b;q=0.1, */*;q=0.9'), ['*/*', 'a/b']);
  });

  it('is not held up by thousands of clauses', () => {
    const clauses = Array.from({ length: 20_000 }, (_, i) => `a/${i};q=0.${i}`).join();
    assert.equal(parseAccept(clauses).length, 20_000);
  });
});
