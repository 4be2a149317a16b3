/** Webhook configurations and admission policies as objects: kept, changed, refused. Nothing is called or evaluated. */
import assert from 'node:assert/strict';
import { at, behaviour, fetchApi, mutate, objectOf, statusOf, suite, uniqueName } from './harness.ts';
import { discovered, kindOf, supportsOperations } from './kind-operations.ts';
import type { KindCase } from './kinds.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';
const root = `/apis/${apiVersion}`;
const condition = (type: string) => ({
  type,
  status: 'False',
  reason: 'e2e',
  message: 'Set from a test',
  lastTransitionTime: '2026-01-02T03:04:05Z',
});

supportsOperations({
  apiVersion,
  resource: 'validatingadmissionpolicies',
  rows: ['ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations'],
  status: {
    metadataStays: true,
    patch: { conditions: [condition('PatchStatusFailed')] },
    update: { conditions: [condition('PatchStatusFailed'), condition('UpdateStatusFailed')] },
  },
});

supportsOperations({
  apiVersion,
  resource: 'validatingadmissionpolicybindings',
  rows: [
    'ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations',
  ],
});

supportsOperations({
  apiVersion,
  resource: 'mutatingadmissionpolicies',
  rows: ['MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations'],
});

supportsOperations({
  apiVersion,
  resource: 'mutatingadmissionpolicybindings',
  rows: [
    'MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations',
  ],
});

for (const resource of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) {
  supportsOperations({ apiVersion, resource });
}

interface Condition {
  name: string;
  expression: string;
}

/** A configuration whose only webhook has these match conditions. */
function configuration(kind: KindCase, name: string, matchConditions: Condition[]): object {
  const sample = kind.sample(name) as { webhooks: object[] };
  return { ...sample, webhooks: sample.webhooks.map((webhook) => ({ ...webhook, matchConditions })) };
}

suite('webhook configurations', () => {
  behaviour(
    'AdmissionWebhook [Privileged:ClusterAdmin] should include webhook resources in discovery documents',
    async () => {
      for (const resource of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
        await discovered(kindOf(apiVersion, resource), false);
      }
    },
  );

  for (const which of ['validating', 'mutating']) {
    const resource = `${which}webhookconfigurations`;
    const kind = kindOf(apiVersion, resource);
    const prefix = 'AdmissionWebhook [Privileged:ClusterAdmin] should';

    behaviour(
      `${prefix} be able to create and update ${which} webhook configurations with match conditions`,
      { since: 28 },
      async () => {
        const name = uniqueName('conditions');
        const path = `${root}/${resource}/${name}`;
        const first = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }];
        const second = [...first, { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" }];
        try {
          const body = configuration(kind, name, first);
          const created = objectOf(await fetchApi('POST', `${root}/${resource}`, { body }), 201);
          assert.deepEqual(at(created, 'webhooks.0.matchConditions'), first);
          assert.deepEqual(at(objectOf(await fetchApi('GET', path)), 'webhooks.0.matchConditions'), first);
          await mutate(path, (object) =>
            Object.assign(object, { webhooks: at(configuration(kind, name, second), 'webhooks') }),
          );
          assert.deepEqual(at(objectOf(await fetchApi('GET', path)), 'webhooks.0.matchConditions'), second);
        } finally {
          await fetchApi('DELETE', path);
        }
      },
    );

    behaviour(
      `${prefix} reject ${which} webhook configurations with invalid match conditions`,
      { since: 28 },
      async () => {
        const name = uniqueName('conditions');
        const body = configuration(kind, name, [{ name: 'invalid-expression-1', expression: '... [] bad expression' }]);
        statusOf(await fetchApi('POST', `${root}/${resource}`, { body }), {
          code: 422,
          reason: 'Invalid',
          message: /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*compilation failed/s,
        });
        statusOf(await fetchApi('GET', `${root}/${resource}/${name}`), { code: 404 });
      },
    );
  }
});
