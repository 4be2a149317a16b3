import assert from 'node:assert/strict';
import { Client } from '../client/client.ts';
import { notFound } from '../openapi/status.ts';
import { servedBudgets } from './informers.ts';
import { FakeApi } from './testing/fake-api.ts';

describe('the version of disruption budgets to follow', () => {
  const served = async (...versions: string[]) => {
    const api = new FakeApi();
    api.intercept = ({ path }) => {
      if (!versions.some((version) => path.includes(`/policy/${version}/`)))
        throw notFound({ group: 'policy', resource: 'x' }, '');
    };
    return (await servedBudgets(new Client(api)))?.version;
  };

  it('is the current one where the server has it', async () => assert.equal(await served('v1', 'v1beta1'), 'v1'));
  it('is the beta on older servers', async () => assert.equal(await served('v1beta1'), 'v1beta1'));
  it('is none where the server has none', async () => assert.equal(await served(), undefined));
});
