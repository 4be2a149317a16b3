import assert from 'node:assert/strict';
import protobufjs from 'protobufjs';
import { OpenApiDocuments, type ServedResource } from './documents.ts';

const CORE = 'io.k8s.api.core.v1';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const RESOURCES: ServedResource[] = [
  {
    group: '',
    version: 'v1',
    kind: 'Pod',
    plural: 'pods',
    namespaced: true,
    verbs: ALL,
    definition: `${CORE}.Pod`,
    subresources: [
      core('status', ['get', 'patch', 'update'], 'Pod'),
      core('binding', ['create'], 'Binding'),
      { ...core('log', ['get'], 'Pod') },
      { ...core('exec', ['create', 'get'], 'PodExecOptions'), definition: '' },
      { ...core('proxy', ['create', 'get'], 'PodProxyOptions'), definition: '' },
    ],
  },
  {
    group: '',
    version: 'v1',
    kind: 'Node',
    plural: 'nodes',
    namespaced: false,
    verbs: ALL,
    definition: `${CORE}.Node`,
    subresources: [],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    plural: 'leases',
    namespaced: true,
    verbs: ALL,
    definition: 'io.k8s.api.coordination.v1.Lease',
    subresources: [],
  },
];

function core(name: string, verbs: string[], kind: string): ServedResource['subresources'][number] {
  return { name, verbs, group: '', version: 'v1', kind, definition: `${CORE}.${kind}` };
}

interface Operation {
  operationId: string;
  description: string;
  tags: string[];
  produces?: string[];
  consumes?: string[];
  parameters?: { name: string; in: string; schema?: { $ref: string } }[];
  responses: Record<string, { schema?: { $ref?: string }; content?: Record<string, { schema: { $ref: string } }> }>;
  requestBody?: { required?: boolean; content: Record<string, { schema: { $ref: string } }> };
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: object;
}

interface Property {
  $ref?: string;
  allOf?: { $ref: string }[];
  type?: string;
  format?: string;
  default?: unknown;
  enum?: string[];
  description?: string;
  items?: Property;
  additionalProperties?: Property;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-patch-merge-key'?: string;
}

interface Definition {
  description?: string;
  type?: string;
  required?: string[];
  properties?: Record<string, Property>;
  'x-kubernetes-group-version-kind'?: { group: string; kind: string; version: string }[];
  'x-kubernetes-map-type'?: string;
}

type Paths = Record<string, Record<string, Operation> & { parameters?: { name: string }[] }>;

describe('OpenApiDocuments', () => {
  const documents = new OpenApiDocuments(() => RESOURCES, 'v1.36.0');
  const v2 = () =>
    JSON.parse(documents.v2().body.toString()) as { paths: Paths; definitions: Record<string, Definition> };
  const v3 = (path: string) =>
    JSON.parse(documents.v3(path)?.body.toString() ?? 'null') as {
      openapi: string;
      paths: Paths;
      components: { schemas: Record<string, Definition> };
    };

  before(() => documents.v2()).timeout(5000);

  describe('version 2', () => {
    it('says which structs and lists are owned as a whole', () => {
      const { definitions } = v2();
      assert.equal(definitions[`${META}.OwnerReference`]?.['x-kubernetes-map-type'], 'atomic');
      assert.equal(definitions[`${META}.ObjectMeta`]?.['x-kubernetes-map-type'], undefined);
    });

    const operations: [string, string, string, string][] = [
      ['/api/v1/namespaces/{namespace}/pods', 'get', 'listCoreV1NamespacedPod', 'list'],
      ['/api/v1/namespaces/{namespace}/pods', 'post', 'createCoreV1NamespacedPod', 'post'],
      ['/api/v1/namespaces/{namespace}/pods', 'delete', 'deleteCoreV1CollectionNamespacedPod', 'deletecollection'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'get', 'readCoreV1NamespacedPod', 'get'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'put', 'replaceCoreV1NamespacedPod', 'put'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'patch', 'patchCoreV1NamespacedPod', 'patch'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'delete', 'deleteCoreV1NamespacedPod', 'delete'],
      ['/api/v1/namespaces/{namespace}/pods/{name}/status', 'patch', 'patchCoreV1NamespacedPodStatus', 'patch'],
      ['/api/v1/namespaces/{namespace}/pods/{name}/binding', 'post', 'createCoreV1NamespacedPodBinding', 'post'],
      ['/api/v1/namespaces/{namespace}/pods/{name}/log', 'get', 'readCoreV1NamespacedPodLog', 'get'],
      ['/api/v1/namespaces/{namespace}/pods/{name}/exec', 'post', 'connectCoreV1PostNamespacedPodExec', 'connect'],
      [
        '/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}',
        'head',
        'connectCoreV1HeadNamespacedPodProxyWithPath',
        'connect',
      ],
      ['/api/v1/pods', 'get', 'listCoreV1PodForAllNamespaces', 'list'],
      ['/api/v1/nodes', 'get', 'listCoreV1Node', 'list'],
      ['/apis/coordination.k8s.io/v1/leases', 'get', 'listCoordinationV1LeaseForAllNamespaces', 'list'],
    ];
    for (const [path, method, operationId, action] of operations) {
      it(`has ${method} ${path} as ${operationId}`, () => {
        const operation = v2().paths[path]?.[method];
        assert.equal(operation?.operationId, operationId);
        assert.equal(operation?.['x-kubernetes-action'], action);
      });
    }

    it('describes discovery', () => {
      const ids = [
        '/api/',
        '/api/v1/',
        '/apis/',
        '/apis/coordination.k8s.io/',
        '/apis/coordination.k8s.io/v1/',
        '/version/',
      ].map((path) => v2().paths[path]?.get?.operationId);
      assert.deepEqual(ids, [
        'getCoreAPIVersions',
        'getCoreV1APIResources',
        'getAPIVersions',
        'getCoordinationAPIGroup',
        'getCoordinationV1APIResources',
        'getCodeVersion',
      ]);
    });

    it('offers kubectl what it looks for on a PATCH', () => {
      const patch = v2().paths['/api/v1/namespaces/{namespace}/pods/{name}']?.patch;
      assert.deepEqual(
        patch?.parameters?.map(({ name }) => name),
        ['body', 'dryRun', 'fieldManager', 'fieldValidation', 'force'],
      );
      assert.deepEqual(patch?.['x-kubernetes-group-version-kind'], { group: '', kind: 'Pod', version: 'v1' });
      assert.deepEqual(patch?.tags, ['core_v1']);
    });

    it('writes shared parameters once, at the path', () => {
      const all = v2().paths['/api/v1/pods'];
      assert.equal(all?.get?.parameters, undefined);
      const names = all?.parameters?.map(({ name }) => name) ?? [];
      for (const name of ['limit', 'watch', 'sendInitialEvents', 'pretty']) assert.ok(names.includes(name), name);
      assert.deepEqual(names, [...names].sort());
    });

    it('answers a deletion with the object where upstream does', () => {
      const answer = (path: string) => v2().paths[path]?.delete?.responses[200]?.schema?.$ref;
      assert.equal(answer('/api/v1/namespaces/{namespace}/pods/{name}'), `#/definitions/${CORE}.Pod`);
      assert.equal(answer('/api/v1/nodes/{name}'), `#/definitions/${META}.Status`);
    });

    it('has the definitions that are referred to, all of them and no others', () => {
      const { definitions } = v2();
      const used = new Set<string>();
      JSON.stringify(v2(), (key, value) => {
        if (key === '$ref') used.add(value.slice('#/definitions/'.length));
        return value;
      });
      assert.deepEqual([...used].sort(), Object.keys(definitions));
      assert.ok(!(`${CORE}.Secret` in definitions));
    });

    it('writes a definition as upstream does', () => {
      const { definitions } = v2();
      assert.deepEqual(definitions[`${CORE}.Pod`]?.['x-kubernetes-group-version-kind'], [
        { group: '', kind: 'Pod', version: 'v1' },
      ]);
      const container = definitions[`${CORE}.Container`];
      assert.deepEqual(container?.required, ['name']);
      assert.equal(container?.properties?.image?.type, 'string');
      assert.match(container?.properties?.image?.description ?? '', /^Container image name\./);
      assert.deepEqual(container?.properties?.ports?.['x-kubernetes-list-map-keys'], ['containerPort', 'protocol']);
      assert.equal(container?.properties?.ports?.['x-kubernetes-patch-merge-key'], 'containerPort');
      assert.deepEqual(container?.properties?.imagePullPolicy?.enum, ['Always', 'IfNotPresent', 'Never']);
      const modes = definitions[`${CORE}.PersistentVolumeClaimSpec`]?.properties?.accessModes;
      assert.deepEqual(modes?.items?.enum, ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']);
      assert.equal(definitions[`${META}.LabelSelectorRequirement`]?.properties?.operator?.enum, undefined);
      assert.equal(definitions[`${CORE}.ContainerPort`]?.properties?.protocol?.default, 'TCP');
      const limits = definitions[`${CORE}.ResourceRequirements`]?.properties?.limits;
      assert.equal(limits?.additionalProperties?.$ref, '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity');
      const created = definitions[`${META}.ObjectMeta`]?.properties?.creationTimestamp;
      assert.equal(created?.$ref, `#/definitions/${META}.Time`);
    });

    it('says that every group version has DeleteOptions', () => {
      assert.deepEqual(v2().definitions[`${META}.DeleteOptions`]?.['x-kubernetes-group-version-kind'], [
        { group: '', kind: 'DeleteOptions', version: 'v1' },
        { group: 'coordination.k8s.io', kind: 'DeleteOptions', version: 'v1' },
      ]);
    });
  });

  describe('version 3', () => {
    it('lists its documents with their hashes', () => {
      const index = JSON.parse(documents.v3Index().body.toString()) as {
        paths: Record<string, { serverRelativeURL: string }>;
      };
      assert.deepEqual(Object.keys(index.paths).sort(), [
        'api',
        'api/v1',
        'apis',
        'apis/coordination.k8s.io',
        'apis/coordination.k8s.io/v1',
        'version',
      ]);
      for (const [path, { serverRelativeURL }] of Object.entries(index.paths)) {
        assert.equal(serverRelativeURL, `/openapi/v3/${path}?hash=${documents.v3(path)?.etag}`);
      }
      assert.equal(documents.v3('apis/none/v1'), undefined);
    });

    it('has only the paths of its group', () => {
      const paths = Object.keys(v3('apis/coordination.k8s.io/v1').paths);
      assert.ok(paths.length > 2);
      for (const path of paths) assert.match(path, /^\/apis\/coordination\.k8s\.io\/v1\//);
    });

    it('has every schema it refers to', () => {
      for (const path of ['api/v1', 'apis/coordination.k8s.io/v1']) {
        const document = v3(path);
        assert.equal(document.openapi, '3.0.0');
        JSON.stringify(document, (key, value) => {
          if (key === '$ref')
            assert.ok(value.slice('#/components/schemas/'.length) in document.components.schemas, value);
          return value;
        });
      }
    });

    it('wraps references and gives defaults', () => {
      const { schemas } = v3('api/v1').components;
      const pod = schemas[`${CORE}.Pod`]?.properties;
      assert.deepEqual(pod?.spec?.allOf, [{ $ref: `#/components/schemas/${CORE}.PodSpec` }]);
      assert.deepEqual(pod?.spec?.default, {});
      const container = schemas[`${CORE}.Container`]?.properties;
      assert.equal(container?.name?.default, '');
      assert.deepEqual(container?.env?.items, {
        allOf: [{ $ref: `#/components/schemas/${CORE}.EnvVar` }],
        default: {},
      });
      assert.deepEqual(container?.args?.items, { default: '', type: 'string' });
    });

    it('has bodies apart from parameters', () => {
      const { paths } = v3('api/v1');
      const post = paths['/api/v1/namespaces/{namespace}/pods']?.post;
      assert.equal(post?.requestBody?.required, true);
      assert.equal(post?.requestBody?.content['*/*']?.schema.$ref, `#/components/schemas/${CORE}.Pod`);
      assert.ok(post?.parameters?.every((parameter) => parameter.in !== 'body'));
      assert.equal(
        post?.responses[201]?.content?.['application/json']?.schema.$ref,
        `#/components/schemas/${CORE}.Pod`,
      );
      const patch = paths['/api/v1/namespaces/{namespace}/pods/{name}']?.patch;
      assert.ok(Object.keys(patch?.requestBody?.content ?? {}).includes('application/strategic-merge-patch+json'));
      assert.ok(patch?.parameters?.some(({ name }) => name === 'fieldValidation'));
    });
  });

  it('writes the same in protobuf, as gnostic reads it', () => {
    const { root } = protobufjs.parse(GNOSTIC, { keepCase: true });
    const type = root.lookupType('Document');
    const decoded = type.toObject(type.decode(documents.v2Protobuf().body)) as {
      swagger: string;
      info: object;
      paths: { path: { name: string; value: Record<string, { operation_id: string; parameters: object[] }> }[] };
      definitions: { additional_properties: { name: string; value: GnosticSchema }[] };
    };
    assert.equal(decoded.swagger, '2.0');
    assert.deepEqual(decoded.info, { title: 'Kubernetes', version: 'v1.36.0' });
    assert.deepEqual(
      decoded.paths.path.map(({ name }) => name),
      Object.keys(v2().paths),
    );
    const pods = decoded.paths.path.find(({ name }) => name === '/api/v1/namespaces/{namespace}/pods/{name}')?.value;
    assert.equal(pods?.patch?.operation_id, 'patchCoreV1NamespacedPod');
    assert.equal(pods?.patch?.parameters.length, 5);
    const named = new Map(decoded.definitions.additional_properties.map(({ name, value }) => [name, value]));
    assert.deepEqual([...named.keys()], Object.keys(v2().definitions));
    const pod = named.get(`${CORE}.Pod`);
    assert.equal(pod?.description, v2().definitions[`${CORE}.Pod`]?.description);
    assert.deepEqual(pod?.vendor_extension, [
      { name: 'x-kubernetes-group-version-kind', value: { yaml: '[{"group":"","kind":"Pod","version":"v1"}]\n' } },
    ]);
    assert.equal(
      pod?.properties.additional_properties.find(({ name }) => name === 'spec')?.value._ref,
      `#/definitions/${CORE}.PodSpec`,
    );
  });

  it('is built once, until it is invalidated', () => {
    let asked = 0;
    const counting = new OpenApiDocuments(() => {
      asked++;
      return asked === 1 ? [] : RESOURCES.slice(1, 2);
    }, 'v1.36.0');
    assert.equal(asked, 0);
    const first = counting.v2();
    assert.equal(counting.v2(), first);
    counting.v3Index();
    counting.v2Protobuf();
    assert.equal(asked, 1);
    counting.invalidate();
    assert.notEqual(counting.v2().etag, first.etag);
    assert.equal(asked, 2);
  });
});

interface GnosticSchema {
  _ref?: string;
  description?: string;
  properties: { additional_properties: { name: string; value: GnosticSchema }[] };
  vendor_extension?: object[];
}

/** The part of gnostic's schema that the test looks at. */
const GNOSTIC = `syntax = "proto3";
message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9; }
message Info { string title = 1; string version = 2; }
message Paths { repeated NamedPathItem path = 2; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message PathItem { Operation get = 2; Operation put = 3; Operation post = 4; Operation delete = 5; Operation patch = 8; }
message Operation { string operation_id = 5; repeated ParametersItem parameters = 8; }
message ParametersItem { Parameter parameter = 1; }
message Parameter { BodyParameter body_parameter = 1; }
message BodyParameter { string name = 2; }
message Definitions { repeated NamedSchema additional_properties = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Properties { repeated NamedSchema additional_properties = 1; }
message Any { string yaml = 2; }
message NamedAny { string name = 1; Any value = 2; }
message Schema { string _ref = 1; string description = 4; Properties properties = 25; repeated NamedAny vendor_extension = 31; }
`;
