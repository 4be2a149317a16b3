/** The operations of an OpenAPI v2 document, a method of `OperationWriter` for each thing one can ask of an object. */
import type { DefinitionsFile, DocumentedParameter, GroupVersionKind } from './documents-file.ts';
import { PATCH, reference, type Schema } from './documents-schema.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'options' | 'head';

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'body';
  required?: boolean;
  description?: string;
  type?: string;
  uniqueItems?: boolean;
  schema?: Schema;
}

export interface Operation {
  description: string;
  consumes: string[];
  produces: string[];
  schemes: string[];
  tags: string[];
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, Response>;
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: GroupVersionKind;
}

interface Response {
  description: string;
  schema?: Schema;
}

export type PathItem = Partial<Record<Method, Operation>> & { parameters?: Parameter[] };

/** What an operation reads or takes. */
export interface Kind extends GroupVersionKind {
  definition: string;
  /** Definition of its list; `definition` and `List` when absent. */
  listDefinition?: string;
}

/** How an operation is named: its id, its description, and the group its resource belongs to. */
export interface Naming {
  operationId: string;
  description: string;
  owner: { group: string; version: string };
}

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const STATUS = `${META}.Status`;
export const ENCODINGS = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAMS = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const LIST_PARAMETERS = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
];
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];
const DELETE_PARAMETERS = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];
const DELETE_COLLECTION_PARAMETERS = [...DELETE_PARAMETERS, ...LIST_PARAMETERS]
  .filter((name) => name !== 'allowWatchBookmarks' && name !== 'watch')
  .sort();

export class OperationWriter {
  /** The definitions that the operations refer to. */
  readonly roots = new Set<string>();
  readonly #file: DefinitionsFile;
  readonly #encodings: readonly string[];
  readonly #streams: readonly string[];
  readonly #patches: readonly string[];

  /** `custom`: of custom resources, which have no protobuf and no strategic merge. */
  constructor(file: DefinitionsFile, custom = false) {
    this.#file = file;
    const isThere = (type: string) => !custom || !/protobuf|strategic/.test(type);
    this.#encodings = ENCODINGS.filter(isThere);
    this.#streams = STREAMS.filter(isThere);
    this.#patches = PATCHES.filter(isThere);
  }

  list(kind: Kind, naming: Naming): Operation {
    return this.#operation(kind, 'list', naming, {
      produces: [...this.#encodings, ...this.#streams],
      parameters: this.#query(LIST_PARAMETERS),
      responses: { 200: this.answer('OK', kind.listDefinition ?? `${kind.definition}List`) },
    });
  }

  read(kind: Kind, naming: Naming): Operation {
    return this.#operation(kind, 'get', naming, { responses: { 200: this.answer('OK', kind.definition) } });
  }

  create(kind: Kind, naming: Naming): Operation {
    return this.#operation(kind, 'post', naming, {
      parameters: [this.#body(kind.definition), ...this.#query(WRITE_PARAMETERS)],
      responses: { ...this.#written(kind), 202: this.answer('Accepted', kind.definition) },
    });
  }

  replace(kind: Kind, naming: Naming): Operation {
    return this.#operation(kind, 'put', naming, {
      parameters: [this.#body(kind.definition), ...this.#query(WRITE_PARAMETERS)],
      responses: this.#written(kind),
    });
  }

  patch(kind: Kind, naming: Naming): Operation {
    const fieldManager = this.#file.parameters.patchFieldManager;
    const query = this.#query([...WRITE_PARAMETERS, 'force']).map((parameter) =>
      parameter.name === 'fieldManager' && fieldManager ? queryParameter('fieldManager', fieldManager) : parameter,
    );
    return this.#operation(kind, 'patch', naming, {
      consumes: [...this.#patches],
      parameters: [this.#body(PATCH), ...query],
      responses: this.#written(kind),
    });
  }

  /** `answersObject`: the deletion shows the object instead of a Status. */
  delete(kind: Kind, naming: Naming, answersObject: boolean): Operation {
    const answer = answersObject ? kind.definition : STATUS;
    return this.#operation(kind, 'delete', naming, {
      parameters: [this.#deleteBody(), ...this.#query(DELETE_PARAMETERS)],
      responses: { 200: this.answer('OK', answer), 202: this.answer('Accepted', answer) },
    });
  }

  deleteCollection(kind: Kind, naming: Naming): Operation {
    return this.#operation(kind, 'deletecollection', naming, {
      parameters: [this.#deleteBody(), ...this.#query(DELETE_COLLECTION_PARAMETERS)],
      responses: { 200: this.answer('OK', STATUS) },
    });
  }

  /** Bytes in, bytes out. */
  stream(kind: Kind, action: string, naming: Naming, query: Record<string, DocumentedParameter>): Operation {
    return this.#operation(kind, action, naming, {
      produces: action === 'get' ? ['text/plain', ...this.#encodings] : ['*/*'],
      parameters: Object.entries(query).map(([name, parameter]) => queryParameter(name, parameter)),
      responses: { 200: { description: 'OK', schema: { type: 'string' } } },
    });
  }

  answer(description: string, definition: string): Response {
    this.roots.add(definition);
    return { description, schema: reference(definition, 'v2') };
  }

  #written(kind: Kind): Record<string, Response> {
    return { 200: this.answer('OK', kind.definition), 201: this.answer('Created', kind.definition) };
  }

  #operation(
    { group, kind, version }: Kind,
    action: string,
    { operationId, description, owner }: Naming,
    parts: Pick<Operation, 'responses'> & Partial<Operation>,
  ): Operation {
    return {
      description,
      consumes: parts.consumes ?? ['*/*'],
      produces: parts.produces ?? [...this.#encodings],
      schemes: ['https'],
      tags: [`${groupTag(owner.group)}_${owner.version}`],
      operationId,
      ...(parts.parameters && parts.parameters.length > 0 ? { parameters: parts.parameters } : {}),
      responses: { ...parts.responses, 401: { description: 'Unauthorized' } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group, kind, version },
    };
  }

  #body(definition: string): Parameter {
    this.roots.add(definition);
    return { name: 'body', in: 'body', required: true, schema: reference(definition, 'v2') };
  }

  #deleteBody(): Parameter {
    const { required: _required, ...body } = this.#body(`${META}.DeleteOptions`);
    return body;
  }

  #query(names: readonly string[]): Parameter[] {
    return names.flatMap((name) => {
      const parameter = this.#file.parameters[name];
      return parameter ? [queryParameter(name, parameter)] : [];
    });
  }
}

export function queryParameter(name: string, { type, description }: DocumentedParameter): Parameter {
  return { uniqueItems: true, type, description, name, in: 'query' };
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `rbac.authorization.k8s.io` → `RbacAuthorization`, as operation ids name groups. */
export function groupName(group: string): string {
  if (group === '') return 'Core';
  return group
    .replace(/\.k8s\.io$/, '')
    .split('.')
    .map(capital)
    .join('');
}

/** `rbac.authorization.k8s.io` → `rbacAuthorization`, as tags name groups. */
export function groupTag(group: string): string {
  const name = groupName(group);
  return name.charAt(0).toLowerCase() + name.slice(1);
}
