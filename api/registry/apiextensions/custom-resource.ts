/** From a CustomResourceDefinition to the declaration of what it defines: the same that built-in kinds make. */

import type { CustomSchema } from '../../../openapi/documents.ts';
import type { V1CustomResourceDefinitionVersion } from '../../../openapi/generated/types.ts';
import { cloneJson } from '../../../openapi/json.ts';
import { builtInSchema } from '../../../openapi/managed-fields/built-in-schema.ts';
import { apiVersionOf, type KubeObject } from '../../../openapi/object.ts';
import { StatusError } from '../../../openapi/status.ts';
import { applySchemaOf } from '../../../openapi/structural/apply-schema.ts';
import { simplePath, valueAt } from '../../../openapi/structural/json-path.ts';
import type { PublishedKind } from '../../../openapi/structural/publish.ts';
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration, ServedVersion } from '../declaration.ts';
import { type Crd, isConditionTrue } from './conditions.ts';
import { customColumns } from './custom-columns.ts';
import { customScale } from './custom-scale.ts';
import { type CustomRules, customStatusStrategy, customStrategy } from './custom-strategy.ts';
import { CustomVersion } from './custom-version.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface CustomResource {
  declaration: ResourceDeclaration;
  isServed: boolean;
  /** By definition id. */
  schemas: ReadonlyMap<string, CustomSchema>;
}

/** The definition's names must have been accepted. Where no version is served only the store of it is of use. */
export function customResource(crd: Crd, describe: Describe): CustomResource {
  const versions = new Map(crd.spec.versions.map((version) => [version.name, new CustomVersion(version)]));
  const served = sortVersions(crd.spec.versions.filter((version) => version.served));
  const storage = crd.spec.versions.find((version) => version.storage);
  // What is stored is shown as it is, so it is kept in a version that is served if there is any choice.
  const base = storage?.served ? storage : (served[0] ?? storage);
  const stored = versions.get(base?.name ?? '');
  if (!stored) throw new Error(`custom resource ${crd.metadata?.name}: it has no storage version`);
  const resource = new Resource(crd, versions, stored);
  const schemas = new Map(
    served.map((version) => {
      const kind = publishedKind(crd, version.name);
      return [kind.definition, { kind, schema: versions.get(version.name)?.schema }];
    }),
  );
  return { declaration: resource.declaration(served, describe), isServed: served.length > 0, schemas };
}

/** `com.example.stable.v1.CronTab`. */
function definitionOf(crd: Crd, version: string, kind = crd.spec.names.kind): string {
  return `${crd.spec.group.split('.').reverse().join('.')}.${version}.${kind}`;
}

function publishedKind(crd: Crd, version: string): PublishedKind {
  const { kind, plural, listKind = `${kind}List` } = crd.spec.names;
  return {
    group: crd.spec.group,
    version,
    kind,
    listKind,
    plural,
    definition: definitionOf(crd, version),
    listDefinition: definitionOf(crd, version, listKind),
  };
}

/** `/registry/GROUP/PLURAL/`, without what all have. */
export function customStoragePrefix(crd: Crd): string {
  return `${crd.spec.group}/${crd.spec.names.plural}`;
}

class Resource {
  readonly #crd: Crd;
  readonly #versions: ReadonlyMap<string, CustomVersion>;
  readonly #stored: CustomVersion;
  /** The versions that objects came in, where it is not the stored one. */
  readonly #asked = new WeakMap<KubeObject, CustomVersion>();
  /** Objects may have been stored in another shape than today's. */
  readonly #hasChanged: boolean;

  constructor(crd: Crd, versions: ReadonlyMap<string, CustomVersion>, stored: CustomVersion) {
    this.#crd = crd;
    this.#versions = versions;
    this.#stored = stored;
    const elsewhere = crd.status?.storedVersions?.some((name) => name !== stored.name) ?? false;
    // What comes in another version gets the defaults of the stored one when it is read, as upstream.
    this.#hasChanged = elsewhere || versions.size > 1 || (crd.metadata?.generation ?? 1) > 1;
  }

  declaration(served: readonly V1CustomResourceDefinitionVersion[], describe: Describe): ResourceDeclaration {
    const { group, scope } = this.#crd.spec;
    const names = { ...this.#crd.spec.names, ...this.#crd.status?.acceptedNames };
    const stored = this.#stored;
    const rules: CustomRules = {
      stored,
      terminating: isConditionTrue(this.#crd, 'Terminating'),
      asked: (object) => this.#askedOf(object),
      askedVersion: (object) => this.#asked.get(object) ?? stored,
    };
    return {
      group,
      version: stored.name,
      kind: names.kind,
      plural: names.plural,
      singular: names.singular ?? names.kind.toLowerCase(),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      namespaced: scope === 'Namespaced',
      definition: definitionOf(this.#crd, stored.name),
      storagePrefix: customStoragePrefix(this.#crd),
      ...this.#ofVersion(stored, describe),
      fields: (object) => this.#fields(object),
      ...(this.#hasChanged ? { fromStored: (object: KubeObject) => this.#fromStored(object) } : {}),
      alsoServed: served
        .filter(({ name }) => name !== stored.name)
        .map((version) => ({
          ...this.#alias(version, describe),
          subresources: subresourcesOf(this.#version(version.name), rules),
        })),
      strategy: customStrategy(rules),
      ...subresourcesOf(stored, rules),
    };
  }

  /** What each version has of its own. */
  #ofVersion(version: CustomVersion, describe: Describe) {
    const { additionalPrinterColumns = [], selectableFields = [] } = version.definition;
    return {
      columns: customColumns(additionalPrinterColumns, describe),
      fieldLabels: selectableFields.map(({ jsonPath }) => simplePath(jsonPath).join('.')),
      decode: (value: unknown) => version.decode(value),
      applySchema: () => applySchemaOf(version.schema, builtInSchema(META)),
    };
  }

  #alias(definition: V1CustomResourceDefinitionVersion, describe: Describe): ServedVersion<KubeObject> {
    const version = this.#version(definition.name);
    const { group, names } = this.#crd.spec;
    const apiVersion = apiVersionOf({ group, version: version.name });
    const text = definition.deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated`;
    return {
      version: version.name,
      definition: definitionOf(this.#crd, version.name),
      ...this.#ofVersion(version, describe),
      ...(definition.deprecated ? { deprecation: text } : {}),
      fromStored: (object) => {
        this.#convert(version);
        version.reshape(object);
      },
      toStored: (object) => {
        this.#convert(this.#stored);
        this.#asked.set(object, version);
        this.#stored.reshape(object);
      },
    };
  }

  #version(name: string): CustomVersion {
    return this.#versions.get(name) ?? this.#stored;
  }

  /** Brings an object from storage, of any version, to the stored version's present shape. */
  #fromStored(object: KubeObject): void {
    const wanted = this.#apiVersion;
    const written = this.#version((object.apiVersion ?? '').split('/')[1] ?? '');
    written.refresh(object);
    if (object.apiVersion === wanted) return;
    this.#convert(this.#stored);
    object.apiVersion = wanted;
    this.#stored.reshape(object);
  }

  /** What selectors see. What only a webhook could convert is selected as it stands: a watch cannot fail for it. */
  #current(object: KubeObject): KubeObject {
    const isConverted = this.#crd.spec.conversion?.strategy !== 'Webhook';
    if (!this.#hasChanged || !(isConverted || object.apiVersion === this.#apiVersion)) return object;
    const copy = cloneJson(object);
    this.#fromStored(copy);
    return copy;
  }

  get #apiVersion(): string {
    return apiVersionOf({ group: this.#crd.spec.group, version: this.#stored.name });
  }

  #askedOf(stored: KubeObject): { version: CustomVersion; object: KubeObject } {
    const version = this.#asked.get(stored);
    if (!version) return { version: this.#stored, object: stored };
    const object = cloneJson(stored);
    object.apiVersion = apiVersionOf({ group: this.#crd.spec.group, version: version.name });
    version.reshape(object);
    return { version, object };
  }

  /** Values of the selectable fields of all versions, by their names in selectors. */
  #fields(object: KubeObject): Record<string, string> {
    const paths = new Set(
      [...this.#versions.values()].flatMap(({ definition }) =>
        (definition.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
      ),
    );
    if (paths.size === 0) return {};
    const current = this.#current(object);
    const fields = [...paths].map((path) => {
      const value = valueAt(current, simplePath(path));
      const text = ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
      return [simplePath(path).join('.'), text];
    });
    return Object.fromEntries(fields) as Record<string, string>;
  }

  /** Without a strategy nothing but the version's name changes; to convert by webhook is not ours yet. */
  #convert(to: CustomVersion): void {
    const { conversion, group, names } = this.#crd.spec;
    if (conversion?.strategy !== 'Webhook') return;
    const target = `${apiVersionOf({ group, version: to.name })}, Kind=${names.kind}`;
    throw conversionError(`conversion webhook for ${target} failed: ${unreachable(conversion.webhook?.clientConfig)}`);
  }
}

function subresourcesOf(
  { subresources: { scale, status } }: CustomVersion,
  rules: CustomRules,
): Pick<ResourceDeclaration, 'status' | 'scale'> {
  return {
    ...(status === undefined ? {} : { status: customStatusStrategy(rules) }),
    ...(scale ? { scale: customScale(scale) } : {}),
  };
}

interface ClientConfig {
  url?: string;
  service?: { name: string; namespace: string; path?: string; port?: number };
}

function unreachable({ url, service }: ClientConfig = {}): string {
  if (!service) return `Post "${url}?timeout=30s": connection refused`;
  const { name, namespace, path = '/', port = 443 } = service;
  return `Post "https://${name}.${namespace}.svc:${port}${path}?timeout=30s": service "${name}" not found`;
}

/** An error that upstream has no reason for is told as it is. */
function conversionError(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

/** Versions in upstream's order of preference: `v2`, `v1`, `v1beta1`, `v1alpha1`, then all others by name. */
export function sortVersions<T extends { name: string }>(versions: readonly T[]): T[] {
  return [...versions].sort((a, b) => compareVersions(a.name, b.name));
}

const STABILITY: Record<string, number> = { '': 2, beta: 1, alpha: 0 };

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(name));
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1;
  const [ours = 0, theirs = 0] = [STABILITY[left[2] ?? ''], STABILITY[right[2] ?? '']];
  if (ours !== theirs) return theirs - ours;
  return Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0);
}
