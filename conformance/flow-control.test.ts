/** FlowSchemas and PriorityLevelConfigurations as objects; whom they slow down is not looked at here. */
import assert from 'node:assert/strict';
import { at, behaves, fetchApi, includes, objectOf, statusOf, suite, uniqueName } from './harness.ts';
import { supportsOperations } from './kind-operations.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const root = `/apis/${apiVersion}`;
const status = {
  metadataStays: true,
  patch: { conditions: [{ type: 'PatchStatusFailed', status: 'False', reason: 'e2e' }] },
  update: {
    conditions: [
      { type: 'PatchStatusFailed', status: 'False', reason: 'e2e' },
      { type: 'StatusUpdateFailed', status: 'False', reason: 'E2E', message: 'Set from a test' },
    ],
  },
};

supportsOperations({
  apiVersion,
  resource: 'flowschemas',
  rows: ['API priority and fairness should support FlowSchema API operations'],
  status,
});

supportsOperations({
  apiVersion,
  resource: 'prioritylevelconfigurations',
  rows: ['API priority and fairness should support PriorityLevelConfiguration API operations'],
  status,
});

suite('flow control configuration', () => {
  behaves('the mandatory objects are there from the start', { since: 29 }, async () => {
    for (const name of ['exempt', 'catch-all']) {
      const schema = objectOf(await fetchApi('GET', `${root}/flowschemas/${name}`));
      includes(schema.spec, { priorityLevelConfiguration: { name } });
      objectOf(await fetchApi('GET', `${root}/prioritylevelconfigurations/${name}`));
    }
    const exempt = objectOf(await fetchApi('GET', `${root}/prioritylevelconfigurations/exempt`));
    assert.equal(at(exempt, 'spec.type'), 'Exempt');
  });

  behaves('a flow schema defaults its precedence, a priority level its shares', { since: 29 }, async () => {
    const name = uniqueName('defaults');
    const schema = { metadata: { name }, spec: { priorityLevelConfiguration: { name: 'global-default' } } };
    const level = { metadata: { name }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } };
    const schemas = `${root}/flowschemas`;
    const levels = `${root}/prioritylevelconfigurations`;
    includes(objectOf(await fetchApi('POST', schemas, { body: schema }), 201), { spec: { matchingPrecedence: 1000 } });
    includes(objectOf(await fetchApi('POST', levels, { body: level }), 201), {
      spec: { limited: { nominalConcurrencyShares: 30, lendablePercent: 0 } },
    });
    for (const path of [schemas, levels]) objectOf(await fetchApi('DELETE', `${path}/${name}`));
  });

  behaves('a precedence out of bounds is refused', { since: 29 }, async () => {
    const name = uniqueName('bounds');
    for (const matchingPrecedence of [-1, 10_001]) {
      const spec = { priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence };
      statusOf(await fetchApi('POST', `${root}/flowschemas`, { body: { metadata: { name }, spec } }), {
        code: 422,
        reason: 'Invalid',
        message: /spec\.matchingPrecedence: Invalid value: /,
      });
    }
  });
});
