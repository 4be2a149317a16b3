import assert from 'node:assert/strict';
import type { V1ObjectMeta } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './metadata.ts';

const texts = (errors: FieldError[]) => errors.map(({ field, message }) => `${field}: ${message}`);
const NAMESPACED = { namespaced: true };
const GOOD: V1ObjectMeta = { name: 'a', namespace: 'b', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };

describe('validateObjectMeta()', () => {
  it('takes ordinary metadata', () => {
    const meta = {
      ...GOOD,
      labels: { 'a/b': 'c' },
      annotations: { 'A.example/B': 'any thing' },
      finalizers: ['a/b', 'orphan'],
    };
    assert.deepEqual(texts(validateObjectMeta(meta, NAMESPACED)), []);
  });

  it('requires a namespace where there is one, and refuses it elsewhere', () => {
    assert.deepEqual(texts(validateObjectMeta({ name: 'a' }, NAMESPACED)), ['metadata.namespace: Required value']);
    assert.deepEqual(texts(validateObjectMeta({ name: 'a', namespace: 'b' }, { namespaced: false })), [
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });

  it('limits annotations to 256 KiB, keys included', () => {
    const of = (length: number) =>
      validateObjectMeta({ ...GOOD, annotations: { key: 'x'.repeat(length) } }, NAMESPACED);
    assert.deepEqual(texts(of(262144 - 3)), []);
    assert.deepEqual(texts(of(262144 - 2)), ['metadata.annotations: Too long: may not be more than 262144 bytes']);
  });

  it('requires all parts of an owner reference', () => {
    const ownerReferences = [{ apiVersion: '', kind: '', name: '', uid: '' }];
    assert.deepEqual(texts(validateObjectMeta({ ...GOOD, ownerReferences }, NAMESPACED)), [
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
  });

  it('refuses finalizers that contradict each other', () => {
    const finalizers = ['orphan', 'foregroundDeletion'];
    assert.deepEqual(texts(validateObjectMeta({ ...GOOD, finalizers }, NAMESPACED)), [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]);
  });

  it('lets custom resources have finalizers without a prefix', () => {
    assert.deepEqual(validateObjectMeta({ ...GOOD, finalizers: ['x'] }, { namespaced: true, anyFinalizers: true }), []);
  });

  it('checks the name with the rule of the kind', () => {
    const validateName = (name: string) => (name === 'no' ? ['is bad'] : []);
    assert.deepEqual(
      texts(validateObjectMeta({ ...GOOD, name: 'no', generateName: 'no' }, { namespaced: true, validateName })),
      ['metadata.generateName: Invalid value: "no": is bad', 'metadata.name: Invalid value: "no": is bad'],
    );
  });
});

describe('validateObjectMetaUpdate()', () => {
  const changes: [field: keyof V1ObjectMeta, value: string | number, shown: string][] = [
    ['name', 'x', '"x"'],
    ['namespace', 'x', '"x"'],
    ['uid', 'x', '"x"'],
    ['creationTimestamp', '2027-01-01T00:00:00Z', '"2027-01-01T00:00:00Z"'],
    ['deletionTimestamp', '2027-01-01T00:00:00Z', '"2027-01-01T00:00:00Z"'],
    ['deletionGracePeriodSeconds', 5, '5'],
  ];
  for (const [field, value, shown] of changes) {
    it(`refuses a change of ${field}`, () => {
      assert.deepEqual(texts(validateObjectMetaUpdate({ ...GOOD, [field]: value }, GOOD)), [
        `metadata.${field}: Invalid value: ${shown}: field is immutable`,
      ]);
    });
  }

  it('lets labels, annotations and owners change', () => {
    assert.deepEqual(
      validateObjectMetaUpdate({ ...GOOD, labels: { a: 'b' }, annotations: {}, ownerReferences: [] }, GOOD),
      [],
    );
  });

  it('refuses a generation that goes back', () => {
    assert.deepEqual(texts(validateObjectMetaUpdate({ ...GOOD, generation: 1 }, { ...GOOD, generation: 2 })), [
      'metadata.generation: Invalid value: 1: must not be decremented',
    ]);
  });

  it('refuses new finalizers of what is being deleted, and lets old ones go', () => {
    const old = { ...GOOD, deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: ['a/b', 'a/c'] };
    assert.deepEqual(validateObjectMetaUpdate({ ...old, finalizers: ['a/b'] }, old), []);
    assert.deepEqual(texts(validateObjectMetaUpdate({ ...old, finalizers: ['a/b', 'x/z', 'x/y'] }, old)), [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/y", "x/z"}',
    ]);
  });
});
