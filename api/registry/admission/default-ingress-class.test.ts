import assert from 'node:assert/strict';
import type { V1Ingress } from '../../../openapi/generated/types.ts';
import { declarationOf } from '../test-support.ts';
import { withAdmission } from './admission.fixture.ts';
import { type AdmissionRequest, admit } from './admission.ts';
import { defaultIngressClass } from './default-ingress-class.ts';

describe('DefaultIngressClass', () => {
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
  for (const [what, ingress, expected] of [
    ['the default class', { metadata: { name: 'a' }, spec: {} }, 'usual'],
    ['the class they name', { metadata: { name: 'a' }, spec: { ingressClassName: 'own' } }, 'own'],
    [
      'none when they name one the older way',
      { metadata: { name: 'a', annotations: { 'kubernetes.io/ingress.class': 'own' } }, spec: {} },
      undefined,
    ],
  ] as const) {
    it(
      `gives ingresses ${what}`,
      withAdmission(async ({ put, cache, storage }) => {
        await put('ingressclasses/usual', { metadata: { name: 'usual', annotations } });
        await put('ingressclasses/other', { metadata: { name: 'other' } });
        const object = structuredClone(ingress) as V1Ingress;
        const request: AdmissionRequest = {
          operation: 'create',
          declaration: declarationOf('Ingress'),
          subresource: '',
          namespace: 'test',
          name: 'a',
          object,
          user: { name: 'tester', groups: [] },
          dryRun: false,
          storage,
        };
        await admit([defaultIngressClass(cache)], request);
        assert.equal(object.spec?.ingressClassName, expected);
      }),
    );
  }
});
