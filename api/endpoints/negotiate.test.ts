import assert from 'node:assert/strict';
import { negotiate } from './negotiate.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('negotiate', () => {
  it('gives JSON to a client that does not mind', () => {
    for (const accept of [undefined, '*/*', 'application/*', 'text/html, */*;q=0.1']) {
      assert.deepEqual(negotiate(accept, { stream: false }), { format: 'json', pretty: false });
    }
  });

  it('prefers a Table where kubectl asks for one first', () => {
    const { as } = negotiate(`${TABLE},application/json`, { stream: false });
    assert.deepEqual(as, { kind: 'Table', version: 'v1' });
  });

  it('passes over forms it does not have to the next it has', () => {
    const accept =
      'application/vnd.kubernetes.protobuf,application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/yaml';
    assert.equal(negotiate(accept, { stream: false }).format, 'yaml');
  });

  it('weighs quality', () => {
    assert.equal(negotiate('application/json;q=0.2,application/yaml;q=0.9', { stream: false }).format, 'yaml');
    assert.throws(() => negotiate('application/json;q=0', { stream: false }), { code: 406 });
  });

  it('refuses what it cannot write, naming what it can', () => {
    assert.throws(() => negotiate('text/html', { stream: false }), {
      code: 406,
      message: /application\/json, application\/yaml/,
    });
    assert.throws(() => negotiate('application/yaml', { stream: true }), { code: 406 });
  });

  it('indents for people', () => {
    assert.equal(negotiate(undefined, { stream: false, userAgent: 'curl/7.88.1' }).pretty, true);
    assert.equal(negotiate(undefined, { stream: false, userAgent: 'curl/7.88.1', pretty: 'false' }).pretty, false);
    assert.equal(negotiate(undefined, { stream: false, userAgent: 'kubectl', pretty: 'true' }).pretty, true);
  });
});
