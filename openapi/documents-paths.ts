/** The `paths` of an OpenAPI v2 document: what each served resource can be asked, in upstream's words. */
import type { DefinitionsFile, DocumentedParameter } from './documents-file.ts';
import {
  capital,
  ENCODINGS,
  groupName,
  groupTag,
  type Kind,
  META,
  type Method,
  type Naming,
  type Operation,
  OperationWriter,
  type Parameter,
  type PathItem,
  queryParameter,
} from './documents-operations.ts';
import type { PublishedKind } from './structural/publish.ts';
import type { Schema } from './structural/schema.ts';

/** A resource as the documents describe it. */
export interface ServedResource {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  /** Discovery's verbs. */
  verbs: readonly string[];
  /** `io.k8s.api.core.v1.Pod`. */
  definition: string;
  subresources: readonly ServedSubresource[];
  /** A custom resource's schema. Another object for another schema: by it is told whether anything has changed. */
  custom?: CustomSchema;
  /** See `Kind`. */
  listDefinition?: string;
}

/** What a custom resource's documents are made of. */
export interface CustomSchema {
  kind: PublishedKind;
  /** Absent: anything goes. */
  schema: Schema | undefined;
}

export interface ServedSubresource {
  name: string;
  verbs: readonly string[];
  /** Of what it reads and takes, which need not be the resource's: `autoscaling/v1 Scale`. */
  group: string;
  version: string;
  kind: string;
  /** Empty where there is none, as for `PodExecOptions`. */
  definition: string;
}

/** Resources of the core group whose deletion answers with the object instead of a Status. */
const ANSWERS_OBJECT =
  /^(pods|services|serviceaccounts|podtemplates|resourcequotas|persistentvolumes|persistentvolumeclaims)$/;
const PROXY_METHODS: Method[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** Writes the path items of resources, and remembers which definitions they refer to. */
export class PathWriter {
  readonly paths = new Map<string, PathItem>();
  readonly #file: DefinitionsFile;
  readonly #operations: OperationWriter;

  /** `custom`: of custom resources. */
  constructor(file: DefinitionsFile, custom = false) {
    this.#file = file;
    this.#operations = new OperationWriter(file, custom);
  }

  /** The definitions that the paths refer to. */
  get roots(): ReadonlySet<string> {
    return this.#operations.roots;
  }

  /** The root documents: API versions, groups, resources, the version of the code. */
  addDiscovery(groupVersions: readonly { group: string; version: string }[]): void {
    this.#discovery('/version/', 'version', 'getCodeVersion', 'get the code version', 'version.Info');
    this.#discovery('/api/', 'core', 'getCoreAPIVersions', 'get available API versions', 'APIVersions');
    this.#discovery('/apis/', 'apis', 'getAPIVersions', 'get available API versions', 'APIGroupList');
    for (const { group, version } of groupVersions) {
      const [name, tag] = [groupName(group), groupTag(group)];
      if (group !== '') {
        this.#discovery(`/apis/${group}/`, tag, `get${name}APIGroup`, 'get information of a group', 'APIGroup');
      }
      const operationId = `get${name}${capital(version)}APIResources`;
      const path = `${rootOf(group, version)}/`;
      this.#discovery(path, `${tag}_${version}`, operationId, 'get available resources', 'APIResourceList');
    }
  }

  add(resource: ServedResource): void {
    const { group, version, plural, namespaced, kind } = resource;
    const collection = `${rootOf(group, version)}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
    const scope = namespaced ? ['namespace', 'pretty'] : ['pretty'];
    this.#put(collection, scope, kind, this.#collection(resource));
    this.#put(`${collection}/{name}`, ['name', ...scope], kind, this.#object(resource));
    if (namespaced && resource.verbs.includes('list')) {
      const operationId = `list${stemOf(resource)}${kind}ForAllNamespaces`;
      const naming = { operationId, description: `list or watch objects of kind ${kind}`, owner: resource };
      this.#put(`${rootOf(group, version)}/${plural}`, ['pretty'], kind, {
        get: this.#operations.list(resource, naming),
      });
    }
    for (const sub of resource.subresources) this.#subresource(`${collection}/{name}/${sub.name}`, resource, sub);
  }

  #collection(resource: ServedResource): PathItem {
    const { kind, verbs } = resource;
    const [stem, subject] = [stemOf(resource), subjectOf(resource)];
    const name = (operationId: string, description: string): Naming => ({ operationId, description, owner: resource });
    const operations = this.#operations;
    const list = () =>
      operations.list(resource, name(`list${stem}${subject}`, `list or watch objects of kind ${kind}`));
    const create = () => operations.create(resource, name(`create${stem}${subject}`, `create ${withArticle(kind)}`));
    const deleteCollection = () =>
      operations.deleteCollection(resource, name(`delete${stem}Collection${subject}`, `delete collection of ${kind}`));
    return {
      ...(verbs.includes('list') ? { get: list() } : {}),
      ...(verbs.includes('create') ? { post: create() } : {}),
      ...(verbs.includes('deletecollection') ? { delete: deleteCollection() } : {}),
    };
  }

  #object(resource: ServedResource): PathItem {
    const { kind, plural, group } = resource;
    const item = this.#verbs(resource, resource, subjectOf(resource), `the specified ${kind}`);
    if (!resource.verbs.includes('delete')) return item;
    const operationId = `delete${stemOf(resource)}${subjectOf(resource)}`;
    const naming = { operationId, description: `delete ${withArticle(kind)}`, owner: resource };
    const answersObject = group === '' && ANSWERS_OBJECT.test(plural);
    return { ...item, delete: this.#operations.delete(resource, naming, answersObject) };
  }

  /** Reading, replacing and patching, of an object or of a part of it. */
  #verbs(served: Kind & { verbs: readonly string[] }, owner: ServedResource, subject: string, what: string): PathItem {
    const { verbs } = served;
    const name = (verb: string, description: string): Naming => ({
      operationId: `${verb}${stemOf(owner)}${subject}`,
      description,
      owner,
    });
    const operations = this.#operations;
    return {
      ...(verbs.includes('get') ? { get: operations.read(served, name('read', `read ${what}`)) } : {}),
      ...(verbs.includes('update') ? { put: operations.replace(served, name('replace', `replace ${what}`)) } : {}),
      ...(verbs.includes('patch')
        ? { patch: operations.patch(served, name('patch', `partially update ${what}`)) }
        : {}),
    };
  }

  #subresource(path: string, resource: ServedResource, sub: ServedSubresource): void {
    const query = this.#file.connect[`${resource.plural}/${sub.name}`];
    if (query) {
      this.#stream(path, resource, sub, query);
      return;
    }
    const subject = `${subjectOf(resource)}${capital(sub.name)}`;
    const item = this.#verbs(sub, resource, subject, `${sub.name} of the specified ${resource.kind}`);
    if (sub.verbs.includes('create')) {
      const description = `create ${sub.name} of ${withArticle(resource.kind)}`;
      const operationId = `create${stemOf(resource)}${subject}`;
      item.post = this.#operations.create(sub, { operationId, description, owner: resource });
    }
    this.#put(path, resource.namespaced ? ['name', 'namespace', 'pretty'] : ['name', 'pretty'], sub.kind, item);
  }

  #stream(
    path: string,
    owner: ServedResource,
    sub: ServedSubresource,
    query: Record<string, DocumentedParameter>,
  ): void {
    const scope = owner.namespaced ? ['name', 'namespace'] : ['name'];
    const [stem, subject] = [stemOf(owner), `${subjectOf(owner)}${capital(sub.name)}`];
    if (sub.name === 'log') {
      const description = `read log of the specified ${owner.kind}`;
      const naming = { operationId: `read${stem}${subject}`, description, owner };
      this.#put(path, [...scope, 'pretty'], sub.kind, { get: this.#operations.stream(sub, 'get', naming, query) });
      return;
    }
    const item = (methods: Method[], suffix: string): PathItem => {
      const operations = methods.map((method) => {
        const operationId = `connect${stem}${capital(method)}${subject}${suffix}`;
        const description = `connect ${method.toUpperCase()} requests to ${sub.name} of ${owner.kind}`;
        return [method, this.#operations.stream(sub, 'connect', { operationId, description, owner }, query)];
      });
      return Object.fromEntries(operations);
    };
    const isProxy = sub.name === 'proxy';
    this.#put(path, scope, sub.kind, item(isProxy ? PROXY_METHODS : ['get', 'post'], ''));
    if (isProxy) this.#put(`${path}/{path}`, [...scope, 'path'], sub.kind, item(PROXY_METHODS, 'WithPath'));
  }

  #discovery(path: string, tag: string, operationId: string, description: string, type: string): void {
    const isVersion = type === 'version.Info';
    const definition = isVersion ? `io.k8s.apimachinery.pkg.${type}` : `${META}.${type}`;
    const encodings = isVersion ? ['application/json'] : ENCODINGS;
    const answer = this.#operations.answer('OK', definition);
    const get: Operation = {
      description,
      consumes: encodings,
      produces: encodings,
      schemes: ['https'],
      tags: [tag],
      operationId,
      responses: { 200: answer, 401: { description: 'Unauthorized' } },
    };
    this.paths.set(path, { get });
  }

  /** Stores a path item, with the parameters that all its operations share moved to where they stand once. */
  #put(path: string, fixed: readonly string[], kind: string, item: PathItem): void {
    const operations = Object.values(item) as Operation[];
    const shared = sharedParameters(operations);
    if (operations.length === 0) return;
    for (const operation of operations) {
      const own = operation.parameters?.filter((parameter) => !shared.some((other) => isSame(other, parameter)));
      if (own && own.length > 0) operation.parameters = own;
      else delete operation.parameters;
    }
    const parameters = [...shared, ...fixed.map((name) => this.#fixedParameter(name, kind))];
    this.paths.set(path, { ...item, parameters: parameters.sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }

  #fixedParameter(name: string, kind: string): Parameter {
    const known = this.#file.parameters[name] ?? { type: 'string', description: 'path to the resource' };
    if (name === 'pretty') return queryParameter(name, known);
    const description = name === 'name' ? `name of the ${kind}` : known.description;
    return { uniqueItems: true, type: known.type, description, name, in: 'path', required: true };
  }
}

function sharedParameters([first, ...rest]: Operation[]): Parameter[] {
  const candidates = first?.parameters?.filter((parameter) => parameter.in !== 'body') ?? [];
  return candidates.filter((parameter) =>
    rest.every((operation) => operation.parameters?.some((other) => isSame(other, parameter))),
  );
}

function isSame(left: Parameter, right: Parameter): boolean {
  return left.name === right.name && left.in === right.in && left.description === right.description;
}

function rootOf(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** `CoreV1`. */
function stemOf({ group, version }: { group: string; version: string }): string {
  return `${groupName(group)}${capital(version)}`;
}

/** `NamespacedPod`. */
function subjectOf({ namespaced, kind }: ServedResource): string {
  return `${namespaced ? 'Namespaced' : ''}${kind}`;
}

/** `a Pod`, `an Event`; kinds that are plurals go without. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind;
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
