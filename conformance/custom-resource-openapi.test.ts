/** Custom resources in OpenAPI documents, and what kubectl makes of them. */
import assert from 'node:assert/strict';
import { type CustomKind, customKind, OPEN, specOf } from './custom-kinds.ts';
import { atLeast, behaves, behaviour, eventually, fetchApi, includes, suite } from './harness.ts';
import { findKubectls, KubectlRunner } from './kubectl.ts';

interface Document {
  paths: Record<string, unknown>;
  definitions?: Record<string, Published>;
  components?: { schemas: Record<string, Published> };
}

interface Published {
  description?: string;
  type?: string;
  properties?: Record<string, Published>;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

async function definitionsV2(): Promise<Record<string, Published>> {
  const answer = await fetchApi('GET', '/openapi/v2');
  assert.equal(answer.status, 200, answer.text.slice(0, 200));
  return answer.json<Document>().definitions ?? {};
}

function idOf(kind: CustomKind, version = 'v1'): string {
  return `${kind.group.split('.').reverse().join('.')}.${version}.${kind.kind}`;
}

/** The definition, once it is there; publishing takes the real server a second. */
function published(kind: CustomKind, version = 'v1'): Promise<Published> {
  return eventually(async () => {
    const definition = (await definitionsV2())[idOf(kind, version)];
    assert.ok(definition, `${idOf(kind, version)} is not published`);
    return definition;
  }, 25_000);
}

function withdrawn(kind: CustomKind, version: string): Promise<void> {
  return eventually(async () => assert.equal((await definitionsV2())[idOf(kind, version)], undefined), 25_000);
}

async function withKubectl(run: (kubectl: KubectlRunner) => Promise<void>): Promise<void> {
  const newest = findKubectls().at(-1);
  assert.ok(newest, 'there is no kubectl: set KUBECTL_DIR');
  const kubectl = new KubectlRunner(newest, 'default');
  try {
    await run(kubectl);
  } finally {
    kubectl.dispose();
  }
}

const PREFIX = 'CustomResourcePublishOpenAPI [Privileged:ClusterAdmin]';
const MINUTE_MS = 60_000;

suite(
  'OpenAPI of custom resources',
  () => {
    const schema = {
      description: 'Foo CRD for Testing',
      ...specOf(
        {
          bars: {
            description: 'List of Bars and their specs.',
            type: 'array',
            items: {
              type: 'object',
              required: ['name'],
              properties: {
                name: { type: 'string', description: 'Name of Bar.' },
                age: { type: 'string', description: 'Age of Bar.' },
              },
            },
          },
        },
        { description: 'Specification of Foo' },
      ),
    };
    const kind = customKind({ schema, version: { subresources: { status: {} } } });

    behaviour(`${PREFIX} works for CRD with validation schema`, async () => {
      const definition = await published(kind);
      includes(definition, { description: 'Foo CRD for Testing', type: 'object' });
      includes(definition['x-kubernetes-group-version-kind'], [{ group: kind.group, version: 'v1', kind: kind.kind }]);
      includes(definition.properties?.spec, {
        description: 'Specification of Foo',
        properties: { bars: { type: 'array' } },
      });
      for (const name of ['apiVersion', 'kind', 'metadata']) assert.ok(definition.properties?.[name], name);
      await withKubectl(async (kubectl) => {
        const object = (spec: object) => JSON.stringify(kind.object('checked', { spec }));
        await kubectl.ok(['create', '-f', '-'], { input: object({ bars: [{ name: 'test-bar' }] }) });
        await kubectl.ok(['delete', '-f', '-'], { input: object({}) });
        const explained = await kubectl.ok(['explain', `${kind.plural}.spec.bars.age`]);
        assert.match(explained, /Age of Bar\./);
        assert.match(
          await kubectl.ok(['explain', kind.plural, '--recursive']),
          /bars\t<\[\]Object>[\s\S]*age\t<string>/,
        );
        assert.match(await kubectl.ok(['explain', `${kind.plural}.metadata`]), /creationTimestamp/);
        for (const spec of [{ bars: [{ age: '10' }] }, ...(atLeast(27) ? [{ unknown: 1 }] : [])]) {
          const { code } = await kubectl.run(['create', '-f', '-'], { input: object(spec) });
          assert.notEqual(code, 0, JSON.stringify(spec));
        }
      });
    });

    behaves('paths, list and subresources are published, too', async () => {
      await published(kind);
      const { paths, definitions = {} } = (await fetchApi('GET', '/openapi/v2')).json<Document>();
      const root = `/apis/${kind.group}/v1/namespaces/{namespace}/${kind.plural}`;
      for (const path of [root, `${root}/{name}`, `${root}/{name}/status`, `/apis/${kind.group}/v1/${kind.plural}`])
        assert.ok(paths[path], path);
      const list = definitions[`${idOf(kind)}List`];
      includes(list, {
        properties: { items: { type: 'array', items: { $ref: `#/definitions/${idOf(kind)}` } } },
      });
    });

    behaves(
      'version 3 has a document for the group version, with all that the schema says',
      { since: 27 },
      async () => {
        await eventually(async () => {
          const { paths } = (await fetchApi('GET', '/openapi/v3')).json<{
            paths: Record<string, { serverRelativeURL: string }>;
          }>();
          const place = paths[`apis/${kind.group}/v1`]?.serverRelativeURL;
          assert.ok(place, 'not in the index');
          const document = (await fetchApi('GET', place)).json<Document>();
          const definition = document.components?.schemas[idOf(kind)];
          includes(definition, { properties: { spec: { properties: { bars: { items: { required: ['name'] } } } } } });
          assert.ok(document.components?.schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']);
          assert.ok(document.paths[`/apis/${kind.group}/v1/${kind.plural}`]);
        });
      },
    );

    const untyped = customKind({ schema: OPEN });

    behaviour(`${PREFIX} works for CRD without validation schema`, async () => {
      await published(untyped);
      await withKubectl(async (kubectl) => {
        const input = JSON.stringify(untyped.object('any', { spec: { a: [1] }, more: { b: 2 } }));
        await kubectl.ok(['create', '-f', '-'], { input });
        await kubectl.ok(['delete', '-f', '-'], { input });
        assert.match(await kubectl.ok(['explain', untyped.plural]), /DESCRIPTION:/);
      });
    });

    const atRoot = customKind({ schema: { ...schema, 'x-kubernetes-preserve-unknown-fields': true } });

    behaviour(`${PREFIX} works for CRD preserving unknown fields at the schema root`, async () => {
      const definition = await published(atRoot);
      assert.equal(definition.properties, undefined);
      await withKubectl(async (kubectl) => {
        const input = JSON.stringify(atRoot.object('root', { a: { b: [{ c: 'd' }] } }));
        await kubectl.ok(['create', '-f', '-'], { input });
        await kubectl.ok(['delete', '-f', '-'], { input });
        assert.match(await kubectl.ok(['explain', atRoot.plural]), /KIND:/);
      });
    });

    const nested = customKind({
      schema: {
        description: 'preserve-unknown-properties in nested field for Testing',
        ...specOf({}, { description: 'Specification of Waldo', 'x-kubernetes-preserve-unknown-fields': true }),
      },
    });

    behaviour(`${PREFIX} works for CRD preserving unknown fields in an embedded object`, async () => {
      await published(nested);
      await withKubectl(async (kubectl) => {
        const input = JSON.stringify(nested.object('nested', { spec: { a: null, b: [{ c: 'd' }] } }));
        await kubectl.ok(['create', '-f', '-'], { input });
        await kubectl.ok(['delete', '-f', '-'], { input });
        assert.match(await kubectl.ok(['explain', `${nested.plural}.spec`]), /Specification of Waldo/);
      });
    });

    behaviour(`${PREFIX} works for multiple CRDs of different groups`, async () => {
      assert.notEqual(kind.group, untyped.group);
      await Promise.all([published(kind), published(untyped)]);
    });

    const sibling = customKind({ group: kind.group, schema: specOf({ other: { type: 'string' } }) });

    behaviour(`${PREFIX} works for multiple CRDs of same group and version but different kinds`, async () => {
      includes(await published(sibling), { properties: { spec: { properties: { other: { type: 'string' } } } } });
      includes(await published(kind), { properties: { spec: { properties: { bars: { type: 'array' } } } } });
    });

    const versions = () =>
      ['v1', 'v2'].map((name) => ({ name, storage: name === 'v1', schema: specOf({ [name]: { type: 'string' } }) }));
    const two = customKind({ versions: versions() });

    behaviour(`${PREFIX} works for multiple CRDs of same group but different versions`, async () => {
      for (const version of ['v1', 'v2'])
        includes(await published(two, version), {
          properties: { spec: { properties: { [version]: { type: 'string' } } } },
        });
    });

    behaviour(`${PREFIX} removes definition from spec when one version gets changed to not be served`, async () => {
      await published(two, 'v2');
      await two.redefine((crd) => {
        for (const version of crd.spec.versions) version.served = version.name !== 'v2';
      });
      await withdrawn(two, 'v2');
      await published(two, 'v1');
    });

    const renamed = customKind({ versions: versions() });

    behaviour(`${PREFIX} updates the published spec when one version gets renamed`, async () => {
      await published(renamed, 'v2');
      await renamed.redefine((crd) => {
        for (const version of crd.spec.versions) if (version.name === 'v2') version.name = 'v3';
      });
      await published(renamed, 'v3');
      await withdrawn(renamed, 'v2');
      await published(renamed, 'v1');
    });
  },
  MINUTE_MS,
);
