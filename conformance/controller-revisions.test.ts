/** Controller revisions: what the controllers make of them, and what a client can do with them. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaviour,
  eventually,
  fetchApi,
  includes,
  JSON_PATCH,
  listOf,
  MERGE_PATCH,
  mutate,
  objectOf,
  statusOf,
  suite,
  type Wire,
} from './harness.ts';
import { ROLLOUT_MS, template, workloadNamespace } from './replicas.ts';

const needsNode = true;
const NAME = 'revised';

suite('controller revisions', () => {
  const namespace = workloadNamespace();
  const collection = () => namespace.apps('controllerrevisions');
  const revisions = async (selector = `app%3D${NAME}`): Promise<Wire[]> =>
    listOf(await fetchApi('GET', `${collection()}?labelSelector=${selector}`)).items.sort(
      (a, b) => Number(a.revision) - Number(b.revision),
    );

  behaviour(
    'ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision',
    { needsNode },
    async () => {
      const labels = { app: NAME };
      const spec = { selector: { matchLabels: labels }, template: template(labels) };
      const body = { metadata: { name: NAME, labels }, spec };
      const set = objectOf(await fetchApi('POST', namespace.apps('daemonsets'), { body }), 201);
      const [first] = await eventually(async () => {
        const found = await revisions();
        assert.equal(found.length, 1);
        return found;
      }, ROLLOUT_MS);
      assert.equal(first?.revision, 1);
      assert.equal(first?.metadata.name, `${NAME}-${first?.metadata.labels?.['controller-revision-hash']}`);
      includes(first?.metadata.ownerReferences, [
        { kind: 'DaemonSet', name: NAME, uid: set.metadata.uid, controller: true },
      ]);
      includes(at(first, 'data.spec.template'), { $patch: 'replace', metadata: { labels } });

      const path = namespace.apps('controllerrevisions', first?.metadata.name);
      const patched = objectOf(await applyPatch(path, MERGE_PATCH, { metadata: { labels: { patched: 'true' } } }));
      assert.equal(patched.metadata.labels?.patched, 'true');

      // One that nobody made for the set, but which has its labels, becomes the set's.
      const { metadata, ...rest } = objectOf(await fetchApi('GET', path));
      const made = objectOf(
        await fetchApi('POST', collection(), {
          body: {
            ...rest,
            metadata: { name: `${NAME}-made`, labels: { ...metadata.labels, made: 'true' } },
            data: { spec: { template: { ...template(labels, 'made'), $patch: 'replace' } } },
            revision: Number(rest.revision) + 1,
          },
        }),
        201,
      );
      assert.equal(made.revision, 2);
      await eventually(async () => {
        const [adopted] = await revisions('made%3Dtrue');
        assert.equal(adopted?.metadata.ownerReferences?.[0]?.uid, set.metadata.uid);
      }, ROLLOUT_MS);

      const gone = await fetchApi('DELETE', namespace.apps('controllerrevisions', made.metadata.name));
      assert.equal(gone.status, 200, gone.text);
      await eventually(async () =>
        statusOf(await fetchApi('GET', namespace.apps('controllerrevisions', made.metadata.name)), { code: 404 }),
      );

      const change = [{ op: 'replace', path: '/spec/template', value: template(labels, '2') }];
      objectOf(await applyPatch(namespace.apps('daemonsets', NAME), JSON_PATCH, change));
      const latest = await eventually(async () => {
        const found = (await revisions()).at(-1);
        assert.ok(Number(found?.revision) >= 2, JSON.stringify(found));
        assert.equal(at(found, 'data.spec.template.spec.containers.0.env.0.value'), '2');
        return found;
      }, ROLLOUT_MS);

      const latestPath = namespace.apps('controllerrevisions', latest?.metadata.name);
      const updated = await mutate(latestPath, (revision) => {
        revision.metadata.labels = { ...revision.metadata.labels, updated: 'true' };
      });
      assert.equal(updated.metadata.labels?.updated, 'true');
      assert.equal((await revisions('updated%3Dtrue')).length, 1);

      const swept = await fetchApi('DELETE', `${collection()}?labelSelector=patched%3Dtrue`);
      assert.equal(swept.status, 200, swept.text);
      await eventually(async () => assert.equal((await revisions('patched%3Dtrue')).length, 0), ROLLOUT_MS);

      objectOf(
        await applyPatch(namespace.apps('daemonsets', NAME), JSON_PATCH, [
          { ...change[0], value: template(labels, '3') },
        ]),
      );
      await eventually(async () => {
        assert.equal(Number((await revisions()).at(-1)?.revision), Number(latest?.revision) + 1);
      }, ROLLOUT_MS);
    },
  );
}, 60_000);
