import assert from 'node:assert/strict';
import type {
  CoreV1Event,
  EventsV1Event,
  V1EndpointSlice,
  V1LabelSelector,
  V1PodDisruptionBudget,
} from '../../openapi/generated/types.ts';
import { ask, handle, requestTo } from '../endpoints/verbs.fixture.ts';
import { discoveryResources } from './discovery/index.ts';
import { policyResources } from './policy/index.ts';
import { type Fixture, NAMESPACE, refusedAs, withRegistry } from './store/store.fixture.ts';

/** A test in which the kinds with older versions are served. */
const withVersions = (test: (fixture: Fixture) => Promise<void>) =>
  withRegistry(async (fixture) => {
    for (const declaration of [...policyResources({}), ...discoveryResources({})]) fixture.registry.add(declaration);
    await test(fixture);
  });

const pathTo = (groupVersion: string, plural: string, name = '') =>
  `/apis/${groupVersion}/namespaces/${NAMESPACE}/${plural}${name && `/${name}`}`;
const OLD = pathTo('policy/v1beta1', 'poddisruptionbudgets');
const NEW = pathTo('policy/v1', 'poddisruptionbudgets');
const CORE = `/api/v1/namespaces/${NAMESPACE}/events`;
const EVENTS = pathTo('events.k8s.io/v1', 'events');

const LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';
const NOTHING: V1LabelSelector = { matchExpressions: [{ key: LABEL, operator: 'Exists' }] };
const ALL: V1LabelSelector = { matchExpressions: [{ key: LABEL, operator: 'DoesNotExist' }] };
const event = (rest: object = {}) => ({
  metadata: { name: 'e' },
  eventTime: '2026-01-01T00:00:00.000000Z',
  type: 'Normal',
  reason: 'R',
  action: 'A',
  note: 'n',
  regarding: { kind: 'Pod', namespace: NAMESPACE, name: 'x' },
  reportingController: 'c',
  reportingInstance: 'i',
  ...rest,
});

describe('one stored object in two versions', () => {
  it(
    'is a budget whose empty selector means the same to both',
    withVersions(async (fixture) => {
      const body = { metadata: { name: 'b' }, spec: { selector: {} } };
      const old = await ask<V1PodDisruptionBudget>(fixture, 'POST', OLD, { body });
      assert.deepEqual([old.apiVersion, old.spec?.selector], ['policy/v1beta1', {}]);
      const now = await ask<V1PodDisruptionBudget>(fixture, 'GET', `${NEW}/b`);
      assert.deepEqual([now.apiVersion, now.spec?.selector], ['policy/v1', NOTHING]);
      assert.equal(now.metadata?.uid, old.metadata?.uid);

      const options = { body: { spec: { selector: null } }, contentType: 'application/merge-patch+json' };
      await ask(fixture, 'PATCH', `${NEW}/b`, options);
      await ask(fixture, 'PATCH', `${NEW}/b`, { ...options, body: { spec: { selector: {} } } });
      const again = await ask<V1PodDisruptionBudget>(fixture, 'GET', `${OLD}/b`);
      assert.deepEqual(again.spec?.selector, ALL);
    }),
  );

  it(
    'is replaced through either, at the version that both show',
    withVersions(async (fixture) => {
      await ask(fixture, 'POST', NEW, { body: { metadata: { name: 'b' }, spec: { minAvailable: 1 } } });
      const old = await ask<V1PodDisruptionBudget>(fixture, 'GET', `${OLD}/b`);
      const body = { ...old, spec: { minAvailable: 2 } };
      const replaced = await ask<V1PodDisruptionBudget>(fixture, 'PUT', `${OLD}/b`, { body });
      assert.deepEqual([replaced.spec?.minAvailable, replaced.metadata?.generation], [2, 2]);
      await assert.rejects(
        ask(fixture, 'PUT', `${NEW}/b`, { body: { ...body, apiVersion: 'policy/v1' } }),
        refusedAs('Conflict'),
      );
      await assert.rejects(ask(fixture, 'PUT', `${NEW}/b`, { body }), refusedAs('BadRequest'));
    }),
  );

  it(
    'warns those who use the older one',
    withVersions(async (fixture) => {
      const warnings = async (path: string) => {
        const request = requestTo('GET', path);
        await handle(fixture, request);
        return request.warnings;
      };
      assert.deepEqual(await warnings(NEW), []);
      assert.deepEqual(await warnings(OLD), [
        'policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget',
      ]);
    }),
  );

  it(
    'is an endpoint slice whose zone was a label of its topology',
    withVersions(async (fixture) => {
      const topology = { 'topology.kubernetes.io/zone': 'z', other: 'o' };
      const body = { metadata: { name: 's' }, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], topology }] };
      const path = pathTo('discovery.k8s.io/v1beta1', 'endpointslices');
      const old = await ask<V1EndpointSlice>(fixture, 'POST', path, { body });
      assert.deepEqual(old.endpoints, [{ addresses: ['10.0.0.1'], conditions: {}, topology }]);
      const now = await ask<V1EndpointSlice>(fixture, 'GET', pathTo('discovery.k8s.io/v1', 'endpointslices', 's'));
      const endpoint = { addresses: ['10.0.0.1'], conditions: {}, zone: 'z', deprecatedTopology: { other: 'o' } };
      assert.deepEqual(now.endpoints, [endpoint]);
    }),
  );

  it(
    'is an event of two groups',
    withVersions(async (fixture) => {
      const newer = await ask<EventsV1Event>(fixture, 'POST', EVENTS, { body: event() });
      assert.deepEqual([newer.note, newer.regarding?.name, newer.reportingController], ['n', 'x', 'c']);
      const core = await ask<CoreV1Event>(fixture, 'GET', `${CORE}/e`);
      assert.deepEqual([core.message, core.involvedObject.name, core.reportingComponent], ['n', 'x', 'c']);
      assert.equal(core.metadata.uid, newer.metadata?.uid);
      assert.equal(core.apiVersion, 'v1');
    }),
  );

  it(
    'is told of in errors under the group that was asked',
    withVersions(async (fixture) => {
      const post = (path: string, query = '') => ask(fixture, 'POST', path + query, { body: event() });
      await post(EVENTS);
      for (const query of ['', '?dryRun=All'])
        await assert.rejects(
          post(EVENTS, query),
          refusedAs('AlreadyExists', /^events\.events\.k8s\.io "e" already exists$/),
        );
      const ofCore = { metadata: { name: 'e' }, involvedObject: { namespace: NAMESPACE } };
      await assert.rejects(
        ask(fixture, 'POST', CORE, { body: ofCore }),
        refusedAs('AlreadyExists', /^events "e" already exists$/),
      );
      for (const method of ['GET', 'DELETE']) {
        const missing = /^events\.events\.k8s\.io "none" not found$/;
        await assert.rejects(ask(fixture, method, `${EVENTS}/none`), refusedAs('NotFound', missing));
      }
      await assert.rejects(ask(fixture, 'GET', `${CORE}/none`), refusedAs('NotFound', /^events "none" not found$/));
    }),
  );

  it(
    'is checked as strictly as the group asks that it comes through',
    withVersions(async (fixture) => {
      const untimed = event({ eventTime: undefined });
      await assert.rejects(
        ask(fixture, 'POST', EVENTS, { body: untimed }),
        refusedAs('Invalid', /eventTime: Required value$/),
      );
      const { regarding, note, ...rest } = event({ eventTime: undefined, reportingController: undefined });
      await ask(fixture, 'POST', CORE, { body: { ...rest, involvedObject: regarding, message: note } });
      const merge = { contentType: 'application/merge-patch+json' };
      const message = /message: Invalid value: "other": field is immutable$/;
      await assert.rejects(
        ask(fixture, 'PATCH', `${EVENTS}/e`, { ...merge, body: { note: 'other' } }),
        refusedAs('Invalid', message),
      );
      const changed = await ask<CoreV1Event>(fixture, 'PATCH', `${CORE}/e`, { ...merge, body: { message: 'other' } });
      assert.equal(changed.message, 'other');
    }),
  );
});
