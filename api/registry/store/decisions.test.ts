import assert from 'node:assert/strict';
import { keyErrors } from './decisions.ts';

describe('the errors of a key', () => {
  const prefix = '/registry/roles/default/';

  it('are none while every engine has room for it', () => {
    const name = 'r'.repeat(1900 - prefix.length);
    assert.deepEqual(keyErrors(prefix + name, name), []);
  });

  it('say how long the name may be, in bytes', () => {
    const name = 'é'.repeat(950);
    const message = `Too long: may not be more than ${1900 - prefix.length} bytes`;
    assert.deepEqual(keyErrors(prefix + name, name), [{ type: 'FieldValueTooLong', field: 'metadata.name', message }]);
  });
});
