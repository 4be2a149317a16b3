/** Pods: what may change once they are there. */
import assert from 'node:assert/strict';
import {
  applyPatch,
  at,
  behaves,
  behaviour,
  fetchApi,
  MERGE_PATCH,
  objectOf,
  statusOf,
  suite,
  testNamespace,
} from './harness.ts';
import { samplePod } from './kinds.ts';

suite('pods: updates', () => {
  const namespace = testNamespace();
  const path = namespace.path('pods', 'changing');
  before(async () => {
    objectOf(await fetchApi('POST', namespace.path('pods'), { body: samplePod('changing') }), 201);
  });

  behaves('the image may change', async () => {
    const pod = objectOf(
      await applyPatch(path, 'application/strategic-merge-patch+json', {
        spec: { containers: [{ name: 'main', image: 'other:1' }] },
      }),
    );
    assert.equal(at(pod, 'spec.containers.0.image'), 'other:1');
  });

  behaviour('Pods should allow activeDeadlineSeconds to be updated [NodeConformance]', async () => {
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { activeDeadlineSeconds: 50 } }));
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { activeDeadlineSeconds: 40 } }));
    statusOf(await applyPatch(path, MERGE_PATCH, { spec: { activeDeadlineSeconds: 60 } }), {
      code: 422,
      message: /spec\.activeDeadlineSeconds: Invalid value: 60: must be less than or equal to previous value/,
    });
  });

  behaves('a toleration may be added', async () => {
    const pod = objectOf(await fetchApi('GET', path));
    const tolerations = [...(at(pod, 'spec.tolerations') as object[]), { key: 'example.com/x', operator: 'Exists' }];
    objectOf(await applyPatch(path, MERGE_PATCH, { spec: { tolerations } }));
  });

  for (const [field, spec] of Object.entries({
    nodeName: { nodeName: 'conformance-elsewhere' },
    restartPolicy: { restartPolicy: 'Never' },
    hostNetwork: { hostNetwork: true },
    nodeSelector: { nodeSelector: { a: 'b' } },
    serviceAccountName: { serviceAccountName: 'other' },
  })) {
    behaves(`${field} may not`, async () => {
      const status = statusOf(await applyPatch(path, MERGE_PATCH, { spec }), { code: 422, reason: 'Invalid' });
      assert.match(status.message ?? '', /^Pod "changing" is invalid: (\[.*)?spec(\.\w+)?: (Forbidden|Invalid value)/);
    });
  }

  behaves('the refusal names the fields that may change', async () => {
    statusOf(await applyPatch(path, MERGE_PATCH, { spec: { restartPolicy: 'Never' } }), {
      code: 422,
      message:
        /spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`, ?`spec\.initContainers\[\*\]\.image`, ?`spec\.activeDeadlineSeconds`/,
    });
  });
});
