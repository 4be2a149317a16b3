/** Cluster roles that are made of others. */
import assert from 'node:assert/strict';
import { applyPatch, at, behaves, eventually, fetchApi, MERGE_PATCH, objectOf, suite, uniqueName } from './harness.ts';

const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const rule = (resource: string) => ({ apiGroups: ['example.com'], resources: [resource], verbs: ['get'] });

suite('aggregated cluster roles', () => {
  const label = `rbac.example.com/${uniqueName('aggregate')}`;
  const names: string[] = [];
  const create = async (body: object) => {
    const name = uniqueName('aggregation');
    names.push(name);
    objectOf(await fetchApi('POST', ROLES, { body: { metadata: { name, labels: {} }, ...body } }), 201);
    return name;
  };
  const part = async (resource: string) => {
    const name = await create({ rules: [rule(resource)] });
    objectOf(await applyPatch(`${ROLES}/${name}`, MERGE_PATCH, { metadata: { labels: { [label]: 'true' } } }));
    return name;
  };
  const resourcesOf = async (name: string) => {
    const rules = (at(objectOf(await fetchApi('GET', `${ROLES}/${name}`)), 'rules') ?? []) as { resources: string[] }[];
    return rules.flatMap(({ resources }) => resources).sort();
  };
  after(async () => {
    for (const name of names) await fetchApi('DELETE', `${ROLES}/${name}`);
  });

  behaves('a role that aggregates follows the roles that it selects', async () => {
    const first = await part('apples');
    const whole = await create({
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
      rules: [rule('what-it-says-itself')],
    });
    await eventually(async () => assert.deepEqual(await resourcesOf(whole), ['apples']));
    await part('pears');
    await eventually(async () => assert.deepEqual(await resourcesOf(whole), ['apples', 'pears']));
    objectOf(await applyPatch(`${ROLES}/${first}`, MERGE_PATCH, { rules: [rule('cherries')] }));
    await eventually(async () => assert.deepEqual(await resourcesOf(whole), ['cherries', 'pears']));
    assert.equal((await fetchApi('DELETE', `${ROLES}/${first}`)).status, 200);
    await eventually(async () => assert.deepEqual(await resourcesOf(whole), ['pears']));
  });

  behaves('the roles for users take in what is labelled for them', async () => {
    const name = await create({ rules: [rule('plums')] });
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
    objectOf(await applyPatch(`${ROLES}/${name}`, MERGE_PATCH, { metadata: { labels } }));
    for (const role of ['view', 'edit', 'admin']) {
      await eventually(async () => {
        const resources = await resourcesOf(role);
        assert.ok(resources.includes('plums') && resources.includes('configmaps'), `${role}: ${resources}`);
      });
    }
    assert.equal((await fetchApi('DELETE', `${ROLES}/${name}`)).status, 200);
    await eventually(async () => assert.ok(!(await resourcesOf('view')).includes('plums')));
  });
});
