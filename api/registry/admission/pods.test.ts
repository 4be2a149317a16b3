import assert from 'node:assert/strict';
import { FakeClock } from '../../../base/fake-clock.ts';
import { seededRandom } from '../../../base/random.ts';
import type { V1Pod, V1PriorityClass, V1RuntimeClass } from '../../../openapi/generated/types.ts';
import { NAMESPACE } from '../store/store.fixture.ts';
import { type AdmissionFixture, admitted, podOf, withAdmission } from './admission.fixture.ts';
import { type AdmissionRequest, admit } from './admission.ts';
import { admissionChain } from './chain.ts';
import { serviceAccount } from './service-account.ts';

const forbidden = (why: string) => `pods "a" is forbidden: ${why}`;

describe('Priority', () => {
  const withClasses = (test: (fixture: AdmissionFixture) => Promise<void>) =>
    withAdmission(async (fixture) => {
      const classes: V1PriorityClass[] = [
        { metadata: { name: 'high' }, value: 777, preemptionPolicy: 'PreemptLowerPriority' },
        { metadata: { name: 'usual' }, value: 77, globalDefault: true, preemptionPolicy: 'Never' },
      ];
      for (const each of classes) await fixture.put(`priorityclasses/${each.metadata?.name}`, each);
      await test(fixture);
    });
  const fields = ({ spec }: V1Pod) => [spec?.priorityClassName, spec?.priority, spec?.preemptionPolicy];

  for (const [spec, expected] of [
    [{}, ['usual', 77, 'Never']],
    [{ priorityClassName: 'high' }, ['high', 777, 'PreemptLowerPriority']],
    [
      { priorityClassName: 'system-node-critical', priority: 2_000_001_000 },
      ['system-node-critical', 2_000_001_000, 'PreemptLowerPriority'],
    ],
  ] as const) {
    it(
      `is that of the class of ${JSON.stringify(spec)}`,
      withClasses(async ({ create }) => {
        assert.deepEqual(fields(admitted(await create('pods', podOf('a', {}, spec)))), expected);
      }),
    );
  }

  const given = (what: string, value: unknown, computed: unknown) =>
    `the ${what} (${value}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`;
  for (const [spec, why] of [
    [{ priorityClassName: 'none' }, 'no PriorityClass with name none was found'],
    [{ priority: 5 }, given('integer value of priority', 5, 77)],
    [
      { preemptionPolicy: 'PreemptLowerPriority' },
      given('string value of PreemptionPolicy', 'PreemptLowerPriority', 'Never'),
    ],
  ] as const) {
    it(
      `refuses ${JSON.stringify(spec)}`,
      withClasses(async ({ create }) => assert.equal(await create('pods', podOf('a', {}, spec)), forbidden(why))),
    );
  }

  it(
    'is zero without any class, and stays through updates that leave it out',
    withAdmission(async ({ create, update }) => {
      assert.deepEqual(fields(admitted(await create('pods', podOf('a')))), [undefined, 0, 'PreemptLowerPriority']);
      const without = (object: object) => Object.assign(object, { metadata: { name: 'a', labels: { x: 'y' } } });
      const changed = await update('pods', 'a', (pod) => {
        without(pod);
        const spec = pod.spec as V1Pod['spec'];
        delete spec?.priority;
        delete spec?.preemptionPolicy;
      });
      assert.deepEqual(fields(admitted(changed)), [undefined, 0, 'PreemptLowerPriority']);
    }),
  );
});

describe('RuntimeClass', () => {
  const withClasses = (test: (fixture: AdmissionFixture) => Promise<void>) =>
    withAdmission(async (fixture) => {
      const costly: V1RuntimeClass = {
        metadata: { name: 'costly' },
        handler: 'h',
        overhead: { podFixed: { cpu: '10m' } },
        scheduling: {
          nodeSelector: { a: 'b' },
          tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists' }],
        },
      };
      await fixture.put('runtimeclasses/costly', costly);
      await fixture.put('runtimeclasses/plain', { metadata: { name: 'plain' } });
      await test(fixture);
    });

  it(
    'says what its pods cost and where they go',
    withClasses(async ({ create }) => {
      const spec = { runtimeClassName: 'costly', nodeSelector: { d: 'e' } };
      const pod = admitted<V1Pod>(await create('pods', podOf('a', {}, spec)));
      assert.deepEqual(pod.spec?.overhead, { cpu: '10m' });
      assert.deepEqual(pod.spec?.nodeSelector, { a: 'b', d: 'e' });
      assert.deepEqual(
        pod.spec?.tolerations?.map(({ key, effect }) => [key, effect]),
        [
          ['node.kubernetes.io/unreachable', 'NoExecute'],
          ['node.kubernetes.io/not-ready', undefined],
        ],
        'the wider toleration takes the place of the narrower',
      );
    }),
  );

  for (const [spec, why] of [
    [{ runtimeClassName: 'none' }, 'pod rejected: RuntimeClass "none" not found'],
    [
      { runtimeClassName: 'costly', overhead: { cpu: '1' } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      { runtimeClassName: 'plain', overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [{ overhead: { cpu: '1' } }, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'],
    [
      { runtimeClassName: 'costly', nodeSelector: { a: 'c' } },
      'conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c',
    ],
  ] as const) {
    it(
      `refuses ${JSON.stringify(spec)}`,
      withClasses(async ({ create }) => assert.equal(await create('pods', podOf('a', {}, spec)), forbidden(why))),
    );
  }
});

describe('ServiceAccount', () => {
  const withAccount = (test: (fixture: AdmissionFixture) => Promise<void>) =>
    withAdmission(async (fixture) => {
      await fixture.put(`serviceaccounts/${NAMESPACE}/strict`, {
        metadata: {
          name: 'strict',
          namespace: NAMESPACE,
          annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
        },
        secrets: [{ name: 'own' }],
        imagePullSecrets: [{ name: 'registry' }],
      } as object);
      await test(fixture);
    });

  it(
    'gives a pod the default account, or the secrets of its own for pulling',
    withAccount(async ({ create }) => {
      assert.equal(admitted<V1Pod>(await create('pods', podOf('a'))).spec?.serviceAccountName, 'default');
      const pod = admitted<V1Pod>(await create('pods', podOf('b', {}, { serviceAccountName: 'strict' })));
      assert.deepEqual(pod.spec?.imagePullSecrets, [{ name: 'registry' }]);
      assert.equal(pod.spec?.serviceAccount, 'strict');
    }),
  );

  const foreign = 'because service account strict does not reference that';
  const variable = { name: 'E', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } };
  for (const [what, spec, why] of [
    [
      'a missing account',
      { serviceAccountName: 'none' },
      'error looking up service account test/none: serviceaccount "none" not found',
    ],
    [
      'a foreign secret in a volume',
      { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName: 'x' } }] },
      `volume with secret.secretName="x" is not allowed ${foreign} secret`,
    ],
    [
      'a foreign secret in the environment',
      { serviceAccountName: 'strict', containers: [{ name: 'c', image: 'i', env: [variable] }] },
      `container c with envVar E referencing secret.secretName="x" is not allowed ${foreign} secret`,
    ],
    [
      'a foreign secret for pulling',
      { serviceAccountName: 'strict', imagePullSecrets: [{ name: 'x' }] },
      `imagePullSecrets[0].name="x" is not allowed ${foreign} imagePullSecret`,
    ],
  ] as const) {
    it(
      `refuses ${what}`,
      withAccount(async ({ create }) => assert.equal(await create('pods', podOf('a', {}, spec)), forbidden(why))),
    );
  }

  it(
    'gives mirrors of static pods nothing, and lets them ask for nothing',
    withAccount(async ({ create }) => {
      const mirror = (name: string, spec: object) => {
        const pod = podOf(name, {}, { nodeName: 'n', ...spec });
        return { ...pod, metadata: { name, annotations: { 'kubernetes.io/config.mirror': 'x' } } };
      };
      assert.equal(admitted<V1Pod>(await create('pods', mirror('m', {}))).spec?.serviceAccountName, undefined);
      const refused = await create('pods', mirror('a', { serviceAccountName: 'strict' }));
      assert.equal(refused, forbidden('a mirror pod may not reference service accounts'));
      const secret = await create('pods', mirror('a', { volumes: [{ name: 'v', secret: { secretName: 'x' } }] }));
      assert.equal(secret, forbidden('a mirror pod may not reference secrets'));
    }),
  );

  it(
    'mounts the token where that is switched on and nobody says no',
    withAccount(async ({ cache, storage, registry }) => {
      const chain = [serviceAccount(cache, new FakeClock(), { required: true, mountTokens: seededRandom(1) })];
      const { declaration } = registry.store('', 'v1', 'pods');
      const mounted = async (spec: object) => {
        const object = podOf('a', {}, spec) as V1Pod;
        const user = { name: 'tester', groups: [] };
        const request: AdmissionRequest = {
          ...{ operation: 'create', declaration, subresource: '', namespace: NAMESPACE, name: 'a' },
          ...{ object, user, dryRun: false, storage },
        };
        await admit(chain, request);
        return object;
      };
      const { spec } = await mounted({});
      const [volume] = spec?.volumes ?? [];
      assert.match(volume?.name ?? '', /^kube-api-access-\w{5}$/);
      assert.equal(volume?.projected?.sources?.[0]?.serviceAccountToken?.expirationSeconds, 3607);
      assert.deepEqual(spec?.containers[0]?.volumeMounts, [
        { name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      ]);
      assert.equal((await mounted({ automountServiceAccountToken: false })).spec?.volumes, undefined);
    }),
  );

  for (const provided of [true, false]) {
    it(
      `${provided ? 'mounts the token' : 'leaves pods as they are'} where controllers ${provided ? 'provide' : 'do not provide'} for accounts`,
      withAccount(async ({ cache, storage, registry }) => {
        const chain = admissionChain(cache, new FakeClock(), seededRandom(1), provided);
        const { declaration } = registry.store('', 'v1', 'pods');
        const object = podOf('a') as V1Pod;
        const user = { name: 'tester', groups: [] };
        const about = { declaration, subresource: '', namespace: NAMESPACE, name: 'a', object, user };
        await admit(chain, { operation: 'create', ...about, dryRun: false, storage });
        assert.equal(object.spec?.volumes?.length, provided ? 1 : undefined);
        assert.equal(object.spec?.containers[0]?.volumeMounts?.length, provided ? 1 : undefined);
      }),
    );
  }
});
