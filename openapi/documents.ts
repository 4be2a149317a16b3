/**
 * The OpenAPI documents of a server, from its list of resources. Built at the first request, all of them at once, and
 * kept as bytes: the definitions with their prose are let go of again.
 */
import { createHash } from 'node:crypto';
import { readDefinitionsFile } from './documents-file.ts';
import type { PathItem } from './documents-operations.ts';
import { PathWriter, type ServedResource } from './documents-paths.ts';
import { type DocumentV2, encodeDocument } from './documents-protobuf.ts';
import { type Schema, schemasOf } from './documents-schema.ts';
import { definitionsIn, pathItemV3 } from './documents-v3.ts';

export type { ServedResource, ServedSubresource } from './documents-paths.ts';

/** Bytes ready to be sent. */
export interface OpenApiDocument {
  body: Buffer;
  /** Without quotes; version 3 names it in its URLs too (`?hash=`). */
  etag: string;
}

/** What the protobuf form of `/openapi/v2` is sent as: Go's clients refuse the `@` that older ones ask with. */
export const V2_PROTOBUF_CONTENT_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Media types that ask for it, as clients of different ages name it. */
export const V2_PROTOBUF_MEDIA_TYPES: readonly string[] = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  V2_PROTOBUF_CONTENT_TYPE,
];

interface Built {
  v2: OpenApiDocument;
  v2Protobuf: OpenApiDocument;
  v3Index: OpenApiDocument;
  v3: ReadonlyMap<string, OpenApiDocument>;
}

const SECURITY = {
  BearerToken: {
    description: 'Bearer Token authentication',
    type: 'apiKey',
    name: 'authorization',
    in: 'header',
  },
};

export class OpenApiDocuments {
  readonly #resources: () => readonly ServedResource[];
  readonly #version: string;
  #built: Built | undefined;

  /** `resources` is asked when the documents are built; `version` is the server's, for example `v1.36.0`. */
  constructor(resources: () => readonly ServedResource[], version: string) {
    this.#resources = resources;
    this.#version = version;
  }

  /** `/openapi/v2` as JSON. */
  v2(): OpenApiDocument {
    return this.#documents().v2;
  }

  /** `/openapi/v2` as gnostic's protobuf. */
  v2Protobuf(): OpenApiDocument {
    return this.#documents().v2Protobuf;
  }

  /** `/openapi/v3`: where the documents of the groups are. */
  v3Index(): OpenApiDocument {
    return this.#documents().v3Index;
  }

  /** `/openapi/v3/` + `path`, for example `api/v1`; `undefined` when there is none. */
  v3(path: string): OpenApiDocument | undefined {
    return this.#documents().v3.get(path);
  }

  /** Forgets what was built: the list of resources has changed. */
  invalidate(): void {
    this.#built = undefined;
  }

  #documents(): Built {
    this.#built ??= build(this.#resources(), this.#version);
    return this.#built;
  }
}

function build(resources: readonly ServedResource[], version: string): Built {
  const file = readDefinitionsFile();
  const served = groupVersionsOf(resources);
  const writer = new PathWriter(file);
  writer.addDiscovery(served);
  for (const resource of resources) writer.add(resource);
  const paths = [...writer.paths].sort(([a], [b]) => (a < b ? -1 : 1));
  const info = { title: 'Kubernetes', version };
  const security = [{ BearerToken: [] }];
  const v2: DocumentV2 = {
    swagger: '2.0',
    info,
    paths: Object.fromEntries(paths),
    definitions: schemasOf(file, writer.roots, 'v2', served),
    securityDefinitions: SECURITY,
    security,
  };
  const v3 = new Map<string, OpenApiDocument>();
  for (const [name, items] of byGroup(paths)) {
    const schemas = schemasOf(
      file,
      items.flatMap(([, item]) => definitionsIn(item)),
      'v3',
      served,
    );
    v3.set(name, jsonDocument(documentV3(items, schemas, info)));
  }
  return {
    v2: jsonDocument(v2),
    v2Protobuf: document(encodeDocument(v2)),
    v3Index: jsonDocument({ paths: indexOf(v3) }),
    v3,
  };
}

function documentV3(items: [string, PathItem][], schemas: Record<string, Schema>, info: object): object {
  return {
    openapi: '3.0.0',
    info,
    paths: Object.fromEntries(items.map(([path, item]) => [path, pathItemV3(item)])),
    components: { schemas, securitySchemes: SECURITY },
    security: [{ BearerToken: [] }],
  };
}

/** `/api/v1/pods` belongs to `api/v1`, `/apis/apps/` to `apis/apps`, `/version/` to `version`. */
function byGroup(paths: [string, PathItem][]): Map<string, [string, PathItem][]> {
  const groups = new Map<string, [string, PathItem][]>();
  for (const entry of paths) {
    const parts = entry[0].split('/').filter((part) => part !== '');
    const name = parts.slice(0, parts[0] === 'apis' ? 3 : 2).join('/');
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return groups;
}

function indexOf(documents: ReadonlyMap<string, OpenApiDocument>): Record<string, { serverRelativeURL: string }> {
  return Object.fromEntries(
    [...documents].map(([name, { etag }]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${etag}` }]),
  );
}

function groupVersionsOf(resources: readonly ServedResource[]): { group: string; version: string }[] {
  const unique = new Map(resources.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  return [...unique.keys()].sort().flatMap((key) => unique.get(key) ?? []);
}

function jsonDocument(value: object): OpenApiDocument {
  return document(Buffer.from(JSON.stringify(value)));
}

function document(body: Buffer): OpenApiDocument {
  return { body, etag: createHash('sha512').update(body).digest('hex').toUpperCase() };
}
