import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../../test-support.ts';
import { LABEL_VALUE, QUALIFIED, SUBDOMAIN } from '../test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'names that are no DNS subdomain',
    kind: 'Pod',
    object: { metadata: { name: 'Bad_Name' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    errors: [`metadata.name: Invalid value: "Bad_Name": ${SUBDOMAIN}`],
  },
  {
    title: 'keys and values of labels',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', labels: { 'bad key': 'x', ok: 'bad value!' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      `metadata.labels: Invalid value: "bad key": name part ${QUALIFIED}`,
      `metadata.labels: Invalid value: "bad value!": ${LABEL_VALUE}`,
    ],
  },
  {
    title: 'keys of annotations',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', annotations: { 'bad key': 'x' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [`metadata.annotations: Invalid value: "bad key": name part ${QUALIFIED}`],
  },
  {
    title: 'finalizers without a prefix',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', finalizers: ['bad', 'a b', 'x/y/z'] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      `metadata.finalizers: Invalid value: "a b": name part ${QUALIFIED}`,
      `metadata.finalizers: Invalid value: "x/y/z": a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      'metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified',
      'metadata.finalizers[1]: Invalid value: "a b": name is neither a standard finalizer name nor is it fully qualified',
    ],
  },
  {
    title: 'a missing name',
    kind: 'Pod',
    object: { metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }] } },
    errors: ['metadata.name: Required value: name or generateName is required'],
  },
  {
    title: 'two controllers among the owners',
    kind: 'Pod',
    object: {
      metadata: {
        name: 'p',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1', controller: true },
          { apiVersion: 'v1', kind: 'Pod', name: 'b', uid: '2', controller: true },
        ],
      },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"1","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for a and b',
    ],
  },
  {
    title: 'an event as the owner',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'a', uid: '1' }] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  },
  {
    title: 'the mirror annotation without a node',
    kind: 'Pod',
    object: {
      metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    errors: [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    ],
  },
];

describe('validation of pods: metadata', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
