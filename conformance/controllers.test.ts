/** Replication controllers, as the API keeps them: defaults, validation, life. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  fetchApi,
  includes,
  MERGE_PATCH,
  objectOf,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { sampleController, samplePodSpec } from './kinds.ts';

suite('replicationcontrollers', () => {
  const namespace = testNamespace();
  const post = (name: string, spec: object) =>
    fetchApi('POST', namespace.path('replicationcontrollers'), { body: { metadata: { name }, spec } });
  const template = { metadata: { labels: { a: 'b' } }, spec: samplePodSpec() };

  behaves('defaults: selector and labels from the template, one replica', async () => {
    const rc = objectOf(await post('plain', { template }), 201);
    includes(rc, {
      metadata: { labels: { a: 'b' }, generation: 1 },
      spec: { replicas: 1, selector: { a: 'b' } },
      status: { replicas: 0 },
    });
    includes(at(rc, 'spec.template.spec'), {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
    });
  });

  const refusals: [title: string, spec: object, message: RegExp | string][] = [
    [
      'a negative count',
      { replicas: -1, template },
      'ReplicationController "refused" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'no template',
      { selector: { a: 'b' } },
      'ReplicationController "refused" is invalid: spec.template: Required value',
    ],
    [
      'a selector that misses the template',
      { selector: { a: 'c' }, template },
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    ],
    [
      'a template that does not restart always',
      { template: { ...template, spec: { ...samplePodSpec(), restartPolicy: 'Never' } } },
      'ReplicationController "refused" is invalid: spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'a template without containers',
      { template: { ...template, spec: { containers: [] } } },
      'ReplicationController "refused" is invalid: spec.template.spec.containers: Required value',
    ],
  ];
  for (const [title, spec, message] of refusals) {
    behaves(`${title} is refused`, async () => {
      statusOf(await post('refused', spec), { code: 422, reason: 'Invalid', message });
    });
  }

  behaves('a name that would not do for its pods is refused, too', async () => {
    statusOf(await post('Not.A-Name_', { template }), {
      code: 422,
      reason: 'Invalid',
      message: /metadata\.name: Invalid value/,
    });
  });

  behaves('its status may be reported, within reason', async () => {
    const body = sampleController('reporting');
    objectOf(await fetchApi('POST', namespace.path('replicationcontrollers'), { body }), 201);
    const path = namespace.path('replicationcontrollers', 'reporting', 'status');
    const status = { replicas: 0, readyReplicas: 0, observedGeneration: 1 };
    includes(objectOf(await applyPatch(path, MERGE_PATCH, { status })).status, { observedGeneration: 1 });
    const impossible = { replicas: 1, readyReplicas: 5, availableReplicas: 9, fullyLabeledReplicas: 2 };
    const refused = statusOf(await applyPatch(path, MERGE_PATCH, { status: impossible }), {
      code: 422,
      reason: 'Invalid',
    });
    assert.match(refused.message ?? '', /cannot be greater than status\.replicas/);
  });
});
