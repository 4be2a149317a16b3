/** CustomResourceDefinitions: what may be in them, what becomes of them, and what goes with them. */
import assert from 'node:assert/strict';
import { CRDS, CustomKind, conditionOf, OPEN, specOf } from './custom-kinds.ts';
import {
  applyPatch,
  at,
  atLeast,
  behaves,
  behaviour,
  describeEvents,
  eventually,
  fetchApi,
  includes,
  listOf,
  MERGE_PATCH,
  mutate,
  namesOf,
  objectOf,
  statusOf,
  suite,
  uniqueName,
  watch,
} from './harness.ts';

/** Defines kinds for the time of one test. */
async function withKinds(kinds: CustomKind[], run: (first: CustomKind) => Promise<void>): Promise<void> {
  try {
    for (const kind of kinds) await kind.define();
    const [first] = kinds;
    assert.ok(first);
    await run(first);
  } finally {
    for (const kind of kinds) await kind.remove();
  }
}

suite('CustomResourceDefinitions', () => {
  behaviour(
    'CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works',
    () =>
      withKinds([new CustomKind()], async (kind) => {
        includes(objectOf(await fetchApi('GET', kind.crdPath)), {
          metadata: { generation: 1 },
          spec: {
            conversion: { strategy: 'None' },
            names: {
              plural: kind.plural,
              singular: kind.kind.toLowerCase(),
              kind: kind.kind,
              listKind: `${kind.kind}List`,
            },
          },
          status: {
            storedVersions: ['v1'],
            acceptedNames: { plural: kind.plural, kind: kind.kind, listKind: `${kind.kind}List` },
          },
        });
        assert.equal((await fetchApi('DELETE', kind.crdPath)).status, 200);
        await eventually(async () => void statusOf(await fetchApi('GET', kind.crdPath), { code: 404 }));
      }),
  );

  behaves('names are accepted and the kind established, with the reasons', () =>
    withKinds([new CustomKind()], async (kind) => {
      const crd = objectOf(await fetchApi('GET', kind.crdPath));
      includes(conditionOf(crd, 'NamesAccepted'), {
        status: 'True',
        reason: 'NoConflicts',
        message: 'no conflicts found',
      });
      includes(conditionOf(crd, 'Established'), {
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      });
    }),
  );

  behaviour(
    'CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works',
    async () => {
      const label = uniqueName('set');
      const kinds = [1, 2, 3].map(() => new CustomKind({ metadata: { labels: { set: label } } }));
      await withKinds(kinds, async () => {
        const list = listOf(await fetchApi('GET', `${CRDS}?labelSelector=set%3D${label}`));
        assert.deepEqual(namesOf(list), kinds.map(({ crdName }) => crdName).sort());
        const removed = await fetchApi('DELETE', `${CRDS}?labelSelector=set%3D${label}`);
        assert.equal(removed.status, 200, removed.text);
        await eventually(async () => {
          assert.deepEqual(namesOf(listOf(await fetchApi('GET', `${CRDS}?labelSelector=set%3D${label}`))), []);
        });
      });
    },
  );

  behaviour(
    'CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works',
    () =>
      withKinds([new CustomKind()], async (kind) => {
        const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
        await mutate(`${kind.crdPath}/status`, (crd) => {
          const status = crd.status as { conditions: object[] };
          status.conditions.push(condition);
          crd.metadata.labels = { not: 'kept' };
        });
        const read = objectOf(await fetchApi('GET', `${kind.crdPath}/status`));
        includes(conditionOf(read, 'StatusUpdate'), condition);
        assert.equal(read.metadata.labels, undefined);
        const conditions = [...(at(read, 'status.conditions') as object[]), { type: 'StatusPatched', status: 'True' }];
        const patched = await applyPatch(`${kind.crdPath}/status`, MERGE_PATCH, { status: { conditions } });
        includes(conditionOf(objectOf(patched), 'StatusPatched'), { status: 'True' });
        assert.ok(conditionOf(objectOf(await fetchApi('GET', kind.crdPath)), 'StatusPatched'));
      }),
  );

  behaviour(
    'CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents',
    async () => {
      const groups = (await fetchApi('GET', '/apis')).json<{ groups: { name: string; versions: object[] }[] }>();
      const group = groups.groups.find(({ name }) => name === 'apiextensions.k8s.io');
      assert.ok(JSON.stringify(group?.versions).includes('"apiextensions.k8s.io/v1"'));
      const own = await fetchApi('GET', '/apis/apiextensions.k8s.io');
      assert.ok(own.text.includes('"apiextensions.k8s.io/v1"'), own.text);
      const { resources } = (await fetchApi('GET', '/apis/apiextensions.k8s.io/v1')).json<{
        resources: { name: string; kind: string; shortNames?: string[] }[];
      }>();
      includes(
        resources.find(({ name }) => name === 'customresourcedefinitions'),
        {
          kind: 'CustomResourceDefinition',
          shortNames: ['crd', 'crds'],
          categories: ['api-extensions'],
          namespaced: false,
        },
      );
    },
  );

  behaviour(
    'CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects',
    () =>
      withKinds([new CustomKind({ scope: 'Cluster' })], async (kind) => {
        const watched = await watch(kind.path());
        await kind.create('first');
        await kind.create('second');
        await applyPatch(kind.path('first'), MERGE_PATCH, { metadata: { labels: { changed: 'yes' } } });
        await fetchApi('DELETE', kind.path('first'));
        await fetchApi('DELETE', kind.path('second'));
        const events = await watched.until((seen) => seen.length >= 5);
        watched.stop();
        assert.equal(
          describeEvents(events),
          'ADDED first, ADDED second, MODIFIED first, DELETED first, DELETED second',
        );
      }),
  );

  behaves('a name that another kind of the group has is not given away twice, until it is free', async () => {
    const first = new CustomKind({ names: { shortNames: ['shrt'] } });
    const second = new CustomKind({
      group: first.group,
      names: { shortNames: ['shrt'], kind: first.kind, listKind: 'OtherList' },
    });
    await withKinds([first], async () => {
      objectOf(await fetchApi('POST', CRDS, { body: second.crd }), 201);
      try {
        await eventually(async () => {
          const crd = objectOf(await fetchApi('GET', second.crdPath));
          includes(conditionOf(crd, 'NamesAccepted'), {
            status: 'False',
            message: `"${first.kind}" is already in use`,
          });
          includes(conditionOf(crd, 'NamesAccepted'), { reason: 'KindConflict' });
          includes(conditionOf(crd, 'Established'), { status: 'False', reason: 'NotAccepted' });
        });
        assert.equal((await fetchApi('GET', second.path())).status, 404);
        await fetchApi('DELETE', first.crdPath);
        await second.established();
      } finally {
        await second.remove();
      }
    });
  });

  behaves('what it defines is in discovery with short names, categories and subresources', () =>
    withKinds(
      [
        new CustomKind({
          names: { shortNames: ['abc'], categories: ['all'] },
          version: {
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
            },
          },
        }),
      ],
      (kind) =>
        eventually(async () => {
          const answer = await fetchApi('GET', `/apis/${kind.group}/v1`);
          assert.equal(answer.status, 200, answer.text);
          const { resources } = answer.json<{ resources: { name: string }[] }>();
          const named = (name: string) => resources.find((resource) => resource.name === name);
          const { plural } = kind;
          includes(named(plural), { kind: kind.kind, singularName: kind.kind.toLowerCase(), namespaced: true });
          includes(named(plural), { shortNames: ['abc'], categories: ['all'] });
          includes(named(`${plural}/status`), { kind: kind.kind, verbs: ['get', 'patch', 'update'] });
          includes(named(`${plural}/scale`), { kind: 'Scale', group: 'autoscaling', version: 'v1' });
          assert.ok((await fetchApi('GET', '/apis')).text.includes(`"${kind.group}/v1"`));
        }),
    ),
  );

  behaves('versions are preferred in the order of their stability and age', () =>
    withKinds(
      [
        new CustomKind({
          versions: ['v1beta1', 'v10', 'foo', 'v2', 'v1', 'v11alpha2'].map((name) => ({
            name,
            storage: name === 'v1',
          })),
        }),
      ],
      (kind) =>
        eventually(async () => {
          const group = (await fetchApi('GET', `/apis/${kind.group}`)).json<{ versions: { version: string }[] }>();
          const names = group.versions.map(({ version }) => version);
          assert.deepEqual(names, ['v10', 'v2', 'v1', 'v1beta1', 'v11alpha2', 'foo']);
          includes(group, { preferredVersion: { version: 'v10' } });
        }),
    ),
  );

  behaves('its objects go along when it is deleted, and watches of them end', () =>
    withKinds([new CustomKind()], async (kind) => {
      await kind.create('one');
      await kind.create('two');
      const watched = await watch(kind.path());
      await fetchApi('DELETE', kind.crdPath);
      await eventually(async () => void statusOf(await fetchApi('GET', kind.crdPath), { code: 404 }));
      await eventually(async () => assert.equal((await fetchApi('GET', kind.path())).status, 404));
      await watched.ended();
      await kind.define();
      assert.deepEqual(namesOf(listOf(await fetchApi('GET', kind.path()))), []);
    }),
  );

  behaves('it waits for objects that have finalizers, and makes no new ones meanwhile', () =>
    withKinds([new CustomKind()], async (kind) => {
      await kind.create('held', { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
      await fetchApi('DELETE', kind.crdPath);
      await eventually(async () => {
        const crd = objectOf(await fetchApi('GET', kind.crdPath));
        assert.deepEqual(crd.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
        assert.equal(conditionOf(crd, 'Terminating')?.status, 'True');
        assert.ok(objectOf(await fetchApi('GET', kind.path('held'))).metadata.deletionTimestamp);
      });
      await eventually(async () => {
        const refused = await fetchApi('POST', kind.path(), { body: kind.object('late') });
        statusOf(refused, {
          code: 405,
          reason: 'MethodNotAllowed',
          message: 'create not allowed while custom resource definition is terminating',
        });
      });
      objectOf(await applyPatch(kind.path('held'), MERGE_PATCH, { metadata: { finalizers: null } }));
      await eventually(async () => void statusOf(await fetchApi('GET', kind.crdPath), { code: 404 }));
    }),
  );

  behaves('the storage version is remembered as long as nobody says that nothing is left of it', async () => {
    const versions = [{ name: 'v1', storage: true }, { name: 'v2' }];
    await withKinds([new CustomKind({ versions })], async (kind) => {
      const swapped = await kind.redefine((crd) => {
        for (const version of crd.spec.versions) version.storage = version.name === 'v2';
      });
      assert.deepEqual(at(swapped, 'status.storedVersions'), ['v1', 'v2']);
      assert.equal(swapped.metadata.generation, 2);
      const crd = objectOf(await fetchApi('GET', kind.crdPath));
      (crd.spec as { versions: object[] }).versions.shift();
      statusOf(await fetchApi('PUT', kind.crdPath, { body: crd }), {
        code: 422,
        message: /status\.storedVersions\[0\]: Invalid value: "v1": must appear in spec\.versions$/,
      });
    });
  });

  behaves('kind and scope of an established kind cannot change', () =>
    withKinds([new CustomKind()], async (kind) => {
      const crd = objectOf(await fetchApi('GET', kind.crdPath));
      const body = { ...crd, spec: { ...(crd.spec as object), scope: 'Cluster' } };
      statusOf(await fetchApi('PUT', kind.crdPath, { body }), {
        code: 422,
        message: `CustomResourceDefinition.apiextensions.k8s.io "${kind.crdName}" is invalid: spec.scope: Invalid value: "Cluster": field is immutable`,
      });
    }),
  );

  const root = 'spec.validation.openAPIV3Schema';
  const cases: [
    title: string,
    change: (crd: { spec: Record<string, unknown> }) => void,
    field: string,
    message: string,
  ][] = [
    [
      'a scope that is none',
      ({ spec }) => Object.assign(spec, { scope: 'World' }),
      'spec.scope',
      'Unsupported value: "World": supported values: "Cluster", "Namespaced"',
    ],
    [
      'a group without a dot',
      ({ spec }) => Object.assign(spec, { group: 'nodot' }),
      'spec.group',
      'Invalid value: "nodot": should be a domain with at least one dot',
    ],
    [
      'no type',
      (crd) => setSchema(crd, specOf({ a: {} })),
      `${root}.properties[spec].properties[a].type`,
      'Required value: must not be empty for specified object fields',
    ],
    [
      'a type in a condition',
      (crd) => setSchema(crd, specOf({ a: { type: 'string', anyOf: [{ type: 'string' }] } })),
      `${root}.properties[spec].properties[a].anyOf[0].type`,
      'Forbidden: must be empty to be structural',
    ],
    [
      'a condition on what is not specified',
      (crd) => setSchema(crd, { type: 'object', not: { properties: { a: {} } } }),
      `${root}.properties[a]`,
      `Required value: because it is defined in ${root}.not.properties[a]`,
    ],
    [
      'a pattern that is none',
      (crd) => setSchema(crd, specOf({ a: { type: 'string', pattern: '[a' } })),
      `${root}.properties[spec].properties[a].pattern`,
      'Invalid value: "[a": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ]: `[a`',
    ],
    [
      'a default of another type',
      (crd) => setSchema(crd, specOf({ a: { type: 'integer', default: 'x' } })),
      `${root}.properties[spec].properties[a].default`,
      'Invalid value: "string":  in body must be of type integer: "string"',
    ],
    [
      'a map list without keys',
      (crd) =>
        setSchema(crd, specOf({ a: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } })),
      `${root}.properties[spec].properties[a].x-kubernetes-list-map-keys`,
      'Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    [
      'a schema of metadata',
      (crd) =>
        setSchema(crd, {
          type: 'object',
          properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
        }),
      `${root}.properties[metadata]`,
      'Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
    [
      'a path of replicas elsewhere',
      ({ spec }) =>
        setVersion(spec, {
          subresources: { scale: { specReplicasPath: '.status.a', statusReplicasPath: '.status.b' } },
        }),
      'spec.subresources.scale.specReplicasPath',
      'Invalid value: ".status.a": should be a json path under .spec',
    ],
    [
      'a column of a type that is none',
      ({ spec }) => setVersion(spec, { additionalPrinterColumns: [{ name: 'a', type: 'text', jsonPath: '.a' }] }),
      'spec.additionalPrinterColumns[0].type',
      'Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      'a webhook without a client',
      ({ spec }) => Object.assign(spec, { conversion: { strategy: 'Webhook' } }),
      'spec.conversion.webhookClientConfig',
      'Required value: required when strategy is set to Webhook',
    ],
  ];
  for (const [title, change, field, message] of cases) {
    behaves(`${title} is refused`, async () => {
      const { crd } = new CustomKind({ schema: OPEN });
      change(crd);
      const status = statusOf(await fetchApi('POST', `${CRDS}?dryRun=All`, { body: crd }), {
        code: 422,
        reason: 'Invalid',
      });
      const cause = status.details?.causes?.find((one) => one.field === field && one.message === message);
      assert.ok(cause, JSON.stringify(status.details?.causes, null, 1));
    });
  }

  behaves('a group of the community needs an approval', async () => {
    const { crd } = new CustomKind({ group: `${uniqueName('x')}.k8s.io` });
    statusOf(await fetchApi('POST', `${CRDS}?dryRun=All`, { body: crd }), {
      code: 422,
      message:
        /metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected groups must have approval annotation/,
    });
    const metadata = { annotations: { 'api-approved.kubernetes.io': 'https://example.com/approval' } };
    await withKinds([new CustomKind({ group: `${uniqueName('x')}.k8s.io`, metadata })], async (kind) => {
      await eventually(async () => {
        const condition = conditionOf(
          objectOf(await fetchApi('GET', kind.crdPath)),
          'KubernetesAPIApprovalPolicyConformant',
        );
        includes(condition, { status: 'True', reason: 'ApprovedAnnotation' });
      });
    });
  });

  behaves('a PUT must say of which version it is', () =>
    withKinds([new CustomKind()], async (kind) => {
      statusOf(await fetchApi('PUT', kind.crdPath, { body: kind.crd }), {
        code: 422,
        message: /metadata\.resourceVersion: Invalid value: (0x0|0): must be specified for an update/,
      });
    }),
  );

  behaves('unknown fields within schemas are told of', { since: 27 }, async () => {
    const { crd } = new CustomKind({ schema: specOf({ a: { type: 'array', items: { type: 'string', foo: 1 } } }) });
    statusOf(await fetchApi('POST', `${CRDS}?dryRun=All&fieldValidation=Strict`, { body: crd }), {
      code: 400,
      message: /strict decoding error: unknown field ".*foo"/,
    });
    assert.ok(atLeast(27));
  });
});

function setSchema({ spec }: { spec: Record<string, unknown> }, schema: object): void {
  setVersion(spec, { schema: { openAPIV3Schema: schema } });
}

function setVersion(spec: Record<string, unknown>, fields: object): void {
  Object.assign((spec.versions as object[])[0] ?? {}, fields);
}
