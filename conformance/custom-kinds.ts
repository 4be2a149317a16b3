/** Kinds that tests define for themselves. */
import assert from 'node:assert/strict';
import { eventually, fetchApi, MERGE_PATCH, objectOf, uniqueName, type Wire } from './harness.ts';

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Schema {
  [keyword: string]: unknown;
}

export interface Version {
  name: string;
  served?: boolean;
  storage?: boolean;
  schema?: Schema;
  [field: string]: unknown;
}

export interface Definition {
  versions?: Version[];
  /** Of the only version, `v1`. */
  schema?: Schema;
  /** Further fields of the only version. */
  version?: object;
  scope?: 'Namespaced' | 'Cluster';
  group?: string;
  names?: object;
  conversion?: object;
  metadata?: object;
}

/** Anything may be in an object of this schema. */
export const OPEN: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** A schema with these fields in `spec`. */
export function specOf(properties: object, more: object = {}): Schema {
  return { type: 'object', properties: { spec: { type: 'object', properties, ...more } } };
}

/** A kind of its own: names that nobody else uses. */
export class CustomKind {
  readonly plural: string;
  readonly kind: string;
  readonly group: string;
  readonly namespaced: boolean;
  readonly definition: Definition;

  constructor(definition: Definition = {}) {
    const suffix = uniqueName('x').replace('-', '');
    this.definition = definition;
    this.plural = `tests${suffix}`;
    this.kind = `Test${suffix}`;
    this.group = definition.group ?? `${suffix}.example.com`;
    this.namespaced = definition.scope !== 'Cluster';
  }

  get crdName(): string {
    return `${this.plural}.${this.group}`;
  }

  get crdPath(): string {
    return `${CRDS}/${this.crdName}`;
  }

  /** The CustomResourceDefinition. */
  get crd(): { apiVersion: string; kind: string; metadata: object; spec: Record<string, unknown> } {
    const { schema = OPEN, version, versions, scope = 'Namespaced', names, conversion, metadata } = this.definition;
    const all = versions ?? [{ name: 'v1', storage: true, schema, ...version }];
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: this.crdName, ...metadata },
      spec: {
        group: this.group,
        scope,
        names: { plural: this.plural, singular: this.kind.toLowerCase(), kind: this.kind, ...names },
        versions: all.map(({ schema: openAPIV3Schema = OPEN, ...rest }) => ({
          served: true,
          storage: false,
          ...rest,
          schema: { openAPIV3Schema },
        })),
        ...(conversion ? { conversion } : {}),
      },
    };
  }

  /** `/apis/GROUP/v1/namespaces/default/tests`; parts left out end the path early. */
  path(name?: string, subresource?: string, version = 'v1'): string {
    const scope = this.namespaced ? '/namespaces/default' : '';
    const object = name === undefined ? '' : `/${name}`;
    return `/apis/${this.group}/${version}${scope}/${this.plural}${object}${subresource ? `/${subresource}` : ''}`;
  }

  object(name: string, fields: object = {}, version = 'v1'): Wire {
    return {
      apiVersion: `${this.group}/${version}`,
      kind: this.kind,
      metadata: { name },
      ...fields,
    } as unknown as Wire;
  }

  /** Defines the kind, and resolves when its objects can be worked with. */
  async define(): Promise<Wire> {
    const created = await fetchApi('POST', CRDS, { body: this.crd });
    assert.equal(created.status, 201, created.text);
    const crd = await this.established();
    await this.ready();
    return crd;
  }

  async established(): Promise<Wire> {
    return eventually(async () => {
      const crd = objectOf(await fetchApi('GET', this.crdPath));
      assert.equal(conditionOf(crd, 'Established')?.status, 'True', JSON.stringify(crd.status));
      return crd;
    });
  }

  /** The real server serves a little later than it says. */
  async ready(version = servedOf(this.definition)): Promise<void> {
    await eventually(async () => {
      const answer = await fetchApi('GET', this.path(undefined, undefined, version));
      assert.equal(answer.status, 200, answer.text);
    });
  }

  async create(name: string, fields: object = {}, version = 'v1'): Promise<Wire> {
    return eventually(async () => {
      const body = this.object(name, fields, version);
      return objectOf(await fetchApi('POST', this.path(undefined, undefined, version), { body }), 201);
    });
  }

  /** Changes the definition and resolves with what is stored then. */
  async redefine(change: (crd: Wire & { spec: { versions: Version[] } }) => void): Promise<Wire> {
    return eventually(async () => {
      const crd = objectOf(await fetchApi('GET', this.crdPath)) as Wire & { spec: { versions: Version[] } };
      change(crd);
      return objectOf(await fetchApi('PUT', this.crdPath, { body: crd }));
    });
  }

  /** Deletes the definition with all objects, whatever holds them. */
  async remove(): Promise<void> {
    const list = await fetchApi('GET', this.path(undefined, undefined, servedOf(this.definition)));
    for (const { metadata } of list.status === 200 ? list.json<{ items: Wire[] }>().items : []) {
      if (!metadata.finalizers?.length) continue;
      const path = this.path(metadata.name, undefined, servedOf(this.definition));
      await fetchApi('PATCH', path, {
        headers: { 'content-type': MERGE_PATCH },
        body: { metadata: { finalizers: null } },
      });
    }
    await fetchApi('DELETE', this.crdPath);
  }
}

function servedOf({ versions }: Definition): string {
  return versions?.find(({ served }) => served !== false)?.name ?? 'v1';
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export function conditionOf(crd: Wire, type: string): Condition | undefined {
  return (crd.status as { conditions?: Condition[] } | undefined)?.conditions?.find((one) => one.type === type);
}

/** A kind that is defined before the suite's tests and removed after them. */
export function customKind(definition: Definition = {}): CustomKind {
  const kind = new CustomKind(definition);
  before(async () => void (await kind.define()));
  after(() => kind.remove());
  return kind;
}
