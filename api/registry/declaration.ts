/**
 * A resource is one declaration. Discovery, OpenAPI, routes, Table output and storage keys all derive from it; adding
 * a built-in kind is one file, and a custom resource makes the same declaration at run time.
 */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { ApplySchema } from '../../openapi/managed-fields/apply-schema.ts';
import type { KubeObject } from '../../openapi/object.ts';
import type { Decoded } from '../../openapi/schema.ts';
import type { Requirement } from '../../openapi/selectors.ts';
import type { FieldError } from '../../openapi/status.ts';

/** A printer column, with the value it shows of an object. */
export interface Column<T extends KubeObject> {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  /** 0 is always shown, 1 and more only with `-o wide`. */
  priority: number;
  description: string;
  value(object: T, now: number): string | number | boolean | null;
}

/** What a strategy may need beside the objects. */
export interface StrategyContext {
  clock: Clock;
  random: Random;
  /** The request's namespace, `''` for cluster-scoped resources. */
  namespace: string;
  /** Name of the user who asks. */
  user: string;
  /** Names of the groups of that user. */
  groups: readonly string[];
  uid?: string;
  /** Nothing will be stored. */
  dryRun?: boolean;
  /** What else its authenticator says of the user. */
  extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What is peculiar to one resource. All functions but `default` and the `prepare` ones are pure; those change the
 * object they are given in place (a private copy). The generic store owns the sequence, and does itself: metadata
 * (name, generateName, uid, creationTimestamp, namespace, labels, annotations, finalizers, owner references),
 * preconditions, resourceVersion, graceful deletion and finalizers.
 */
export interface Strategy<T extends KubeObject> {
  /** Upstream's defaults, filled in on every decode. Idempotent. */
  default?(object: T): void;
  /** Drops what a creator may not set (status) and sets first values (`generation` 1 where the kind has one). */
  prepareForCreate?(object: T, context: StrategyContext): void;
  /** Carries over what an updater may not change (status), bumps `generation` when the spec changed. */
  prepareForUpdate?(object: T, old: T, context: StrategyContext): void;
  validate?(object: T): FieldError[];
  /** What is allowed but not wise, for `Warning` headers. `old` is what is stored, on an update. */
  warnings?(object: T, old?: T): string[];
  /** Called with `validate`'s work also to be done; `old` is what is stored. */
  validateUpdate?(object: T, old: T): FieldError[];
  /** How the name is checked; a DNS-1123 subdomain when absent. Returns upstream's messages, none when it is fine. */
  validateName?(name: string, prefix: boolean): string[];
  /** Finalizers need no prefix, as with the kinds that upstream keeps outside its core's validation. */
  anyFinalizers?: boolean;
  /** Upstream's AllowCreateOnUpdate: a PUT of a name that does not exist creates it. */
  createOnUpdate?: boolean;
  /** Upstream's AllowUnconditionalUpdate: a PUT may leave out the resourceVersion. True when absent. */
  unconditionalUpdate?: boolean;
  /**
   * Seconds a deletion gives the object to end gracefully, from the object and what the deleter asked for
   * (`undefined`: nothing asked). Absent, or 0: the object goes at once.
   */
  gracePeriod?(object: T, requested: number | undefined): number;
  /** Something beside `metadata.finalizers` holds a deleted object, such as a namespace's `spec.finalizers`. */
  held?(object: T): boolean;
  /** Called when the deletion of an object that stays for now begins, such as a namespace turning Terminating. */
  beginDeletion?(object: T): void;
  /** Preconditions of a deletion are looked at ahead of all else, in words of their own: namespaces and definitions. */
  preconditionsFirst?: boolean;
  /** A deletion that names no propagation leaves dependents behind, as for v1 replication controllers. */
  orphansByDefault?: boolean;
  /** Nothing depends on it: what a deletion says of propagation has no meaning. */
  noDependents?: boolean;
  /** A deletion answers with the object instead of a `Status`. */
  returnsDeleted?: boolean;
  /** Extra work around storing, such as handing out a cluster IP and giving it back. */
  allocate?(object: T, old: T | undefined, context: StrategyContext): void;
  release?(object: T): void;
  /** Names what `allocate` gave the object, such as `ips/10.96.0.1`: where storage is shared, that is claimed there. */
  claims?(object: T): string[];
  /** Keeps what bears that name from being handed out, until the `owner` of that uid is released. */
  occupy?(claim: string, owner: string): void;
}

/** The part of a strategy that a subresource such as `status` replaces. */
export interface UpdateStrategy<T extends KubeObject> {
  prepareForUpdate(object: T, old: T, context: StrategyContext): void;
  validateUpdate?(object: T, old: T): FieldError[];
}

/** A subresource beside `status` that reads the object and replaces a part of it: approval, ephemeralcontainers, resize. */
export interface PartStrategy<T extends KubeObject> extends UpdateStrategy<T> {
  /** `get`, `patch` and `update` when absent. */
  verbs?: readonly Verb[];
}

/** Who asks something of a resource that is not stored. */
export interface Asker {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
  /** The request's namespace, `''` for cluster-scoped resources. */
  namespace: string;
}

/** What is asked of a resource that is not stored, and where it may look. */
export interface VirtualQuery {
  /** `''` for all of them. */
  namespace: string;
  labels: readonly Requirement[];
  /** Of one object alone, when that is asked for. */
  name?: string;
  /** What is stored of a core resource, in one namespace or, for `''`, in all. */
  stored(plural: string, namespace: string): readonly KubeObject[];
}

/** A resource of which nothing is stored: its answers are worked out when somebody asks. */
export interface Virtual<T extends KubeObject> {
  /** Answers a creation, with the decoded and defaulted object (which may be changed) filled in. */
  create?(object: T, asker: Asker): T | Promise<T>;
  /** What there is, for `get` and `list`. What has another name or other labels than asked for is left out in any case. */
  list?(query: VirtualQuery): T[] | Promise<T[]>;
  /** What an object that is not there is called, where that is not the plural. */
  itemResource?: string;
}

/**
 * Another group or version in which the objects of a declaration are served. What is stored stays in the declaration's
 * own. What is left out is as the declaration has it.
 */
export interface ServedVersion<T extends KubeObject> {
  group?: string;
  version: string;
  /** OpenAPI definition of this version's kind. */
  definition: string;
  /** From the stored shape to this version's, in place on a private copy whose apiVersion is this one's already. */
  fromStored?(object: KubeObject): void;
  /** The other way round; its apiVersion is the stored one's already. Runs before the strategy's defaults. */
  toStored?(object: KubeObject): void;
  /** See `ResourceDeclaration.deprecation`. */
  deprecation?: string;
  columns?: readonly Column<T>[];
  fieldLabels?: readonly string[];
  /** Selectable fields that have another name here: this version's name → the declaration's. */
  fieldNames?: Readonly<Record<string, string>>;
  shortNames?: readonly string[];
  /** See `ResourceDeclaration.decode`. */
  decode?(value: unknown): Decoded;
  /** See `ResourceDeclaration.applySchema`. */
  applySchema?(): ApplySchema;
  /** All that this version has, in place of the declaration's. */
  subresources?: Pick<ResourceDeclaration<T>, 'status' | 'scale' | 'parts'>;
}

/** How `scale` reads and writes its resource. */
export interface ScaleMapping<T extends KubeObject> {
  specReplicas(object: T): number;
  statusReplicas(object: T): number;
  /** The label selector in its string form. */
  selector(object: T): string;
  setReplicas(object: T, replicas: number): void;
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export interface ResourceDeclaration<T extends KubeObject = KubeObject> {
  group: string;
  version: string;
  kind: string;
  /** As in paths. */
  plural: string;
  singular: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  /** All eight when absent. */
  verbs?: readonly Verb[];
  /** OpenAPI definition, for example `io.k8s.api.core.v1.Pod`. */
  definition: string;
  /** Path segment below `/registry/` where upstream's differs from the plural (`services/specs`, `minions`). */
  storagePrefix?: string;
  columns: readonly Column<T>[];
  /** Upstream's text for the `Warning` header of every request to a deprecated version. */
  deprecation?: string;
  /** Further versions, less preferred than the declaration's own in this order. */
  alsoServed?: readonly ServedVersion<T>[];
  /** Not stored. Columns, verbs and schema are as for any other resource. */
  virtual?: Virtual<T>;
  /** Decodes a body; by `definition` when absent. Custom resources bring the one of their schema. */
  decode?(value: unknown): Decoded;
  /**
   * Brings what is stored into the shape that the schema has today, in place on a private copy: custom resources are
   * pruned and defaulted when they are read, too.
   */
  fromStored?(object: KubeObject): void;
  /** How server-side apply sees the kind; by `definition` when absent. */
  applySchema?(): ApplySchema;
  /** Selectable fields beside `metadata.name` and `metadata.namespace`, which all have. */
  fields?(object: T): Record<string, string>;
  strategy: Strategy<T>;
  /** Present: the kind has a `status` subresource, which updates through this. */
  status?: UpdateStrategy<T>;
  scale?: ScaleMapping<T>;
  /** Further subresources that are a part of the object, by their names in paths. */
  parts?: Readonly<Record<string, PartStrategy<T>>>;
  /** Left out of the schema documents. */
  undocumented?: boolean;
  /** Seconds after which objects vanish, counted from their last write, as upstream does with Events. */
  ttlSeconds?: number;
  /** Field label names that are understood; used to refuse others with upstream's message. */
  fieldLabels?: readonly string[];
  /** That message where it is not the usual one. */
  fieldLabelRefusal?(label: string): string;
}

/** Whether a kind is known by its schema alone, as custom resources are: then nothing can be merged strategically. */
export function isCustom({ applySchema }: { applySchema?: unknown }): boolean {
  return applySchema !== undefined;
}

/** Keeps the type parameter at the place of declaration and drops it where declarations are kept together. */
export function declare<T extends KubeObject>(declaration: ResourceDeclaration<T>): ResourceDeclaration {
  return declaration as unknown as ResourceDeclaration;
}
