/**
 * The OpenAPI documents of a server, from its list of resources. Those of built-in resources are built at the first
 * request, all of them at once, and kept as bytes: the definitions with their prose are let go of again. Custom
 * resources come and go: each of their group versions is built by itself, and put together with the rest.
 */
import { createHash } from 'node:crypto';
import { type CustomParts, customKit, customParts, isCurrent } from './documents-custom.ts';
import { type DefinitionsFile, readDefinitionsFile } from './documents-file.ts';
import type { PathItem } from './documents-operations.ts';
import { PathWriter, type ServedResource } from './documents-paths.ts';
import { encodeDocument } from './documents-protobuf.ts';
import { type Schema, schemasOf } from './documents-schema.ts';
import { definitionsIn, pathItemV3 } from './documents-v3.ts';

export type { CustomSchema, ServedResource, ServedSubresource } from './documents-paths.ts';

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

/** The built-in part. */
interface Built {
  /** Which resources it is about. */
  signature: string;
  /** Version 2 as JSON. */
  v2: Buffer;
  /** The same in pieces, between which more can be put. */
  head: Buffer;
  paths: Buffer;
  middle: Buffer;
  definitions: Buffer;
  tail: Buffer;
  v2Protobuf: Buffer;
  v3: ReadonlyMap<string, OpenApiDocument>;
  kit: DefinitionsFile;
}

/** What is put together of both parts when it is asked for. */
interface Assembled {
  v2?: OpenApiDocument;
  v2Protobuf?: OpenApiDocument;
  v3Index?: OpenApiDocument;
  v3: ReadonlyMap<string, OpenApiDocument>;
  custom: readonly CustomParts[];
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
  readonly #info: { title: string; version: string };
  readonly #custom = new Map<string, { parts: CustomParts; v3: OpenApiDocument }>();
  #built: Built | undefined;
  #assembled: Assembled | undefined;

  /** `resources` is asked when the documents are built; `version` is the server's, for example `v1.36.0`. */
  constructor(resources: () => readonly ServedResource[], version: string) {
    this.#resources = resources;
    this.#info = { title: 'Kubernetes', version };
  }

  /** `/openapi/v2` as JSON. */
  v2(): OpenApiDocument {
    const { built, assembled } = this.#documents();
    assembled.v2 ??=
      assembled.custom.length === 0
        ? document(built.v2)
        : document(
            Buffer.concat([
              built.head,
              ...joined([built.paths, ...assembled.custom.map(({ paths }) => paths)]),
              built.middle,
              ...joined([built.definitions, ...assembled.custom.map(({ definitions }) => definitions)]),
              built.tail,
            ]),
          );
    return assembled.v2;
  }

  /** `/openapi/v2` as gnostic's protobuf. */
  v2Protobuf(): OpenApiDocument {
    const { built, assembled } = this.#documents();
    const parts = [built.v2Protobuf, ...assembled.custom.map(({ protobuf }) => protobuf)];
    assembled.v2Protobuf ??= document(parts.length === 1 ? built.v2Protobuf : Buffer.concat(parts));
    return assembled.v2Protobuf;
  }

  /** `/openapi/v3`: where the documents of the groups are. */
  v3Index(): OpenApiDocument {
    const { assembled } = this.#documents();
    assembled.v3Index ??= jsonDocument({ paths: indexOf(assembled.v3) });
    return assembled.v3Index;
  }

  /** `/openapi/v3/` + `path`, for example `api/v1`; `undefined` when there is none. */
  v3(path: string): OpenApiDocument | undefined {
    return this.#documents().assembled.v3.get(path);
  }

  /** The list of resources has changed. What is about others is kept. */
  invalidate(): void {
    this.#assembled = undefined;
  }

  #documents(): { built: Built; assembled: Assembled } {
    if (this.#built && this.#assembled) return { built: this.#built, assembled: this.#assembled };
    const resources = this.#resources();
    const builtIn = resources.filter(({ custom }) => !custom);
    const signature = builtIn.map(({ group, version, plural }) => `${group}/${version}/${plural}`).join();
    if (this.#built?.signature !== signature) {
      this.#built = build(builtIn, signature, this.#info);
      this.#custom.clear();
    }
    this.#assembled = this.#assemble(this.#built, resources);
    return { built: this.#built, assembled: this.#assembled };
  }

  #assemble(built: Built, resources: readonly ServedResource[]): Assembled {
    const groups = new Map<string, ServedResource[]>();
    for (const resource of resources) {
      if (!resource.custom) continue;
      const name = `apis/${resource.group}/${resource.version}`;
      groups.set(name, [...(groups.get(name) ?? []), resource]);
    }
    for (const name of this.#custom.keys()) if (!groups.has(name)) this.#custom.delete(name);
    for (const [name, mine] of groups) {
      const known = this.#custom.get(name);
      if (known && isCurrent(known.parts, mine)) continue;
      const parts = customParts(built.kit, mine);
      const v3 = jsonDocument(this.#documentV3(parts.v3.paths, parts.v3.schemas));
      this.#custom.set(name, { parts, v3 });
    }
    const sorted = [...this.#custom].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      custom: sorted.map(([, { parts }]) => parts),
      v3: new Map([...sorted.map(([name, { v3 }]): [string, OpenApiDocument] => [name, v3]), ...built.v3]),
    };
  }

  #documentV3(paths: Record<string, Schema>, schemas: Record<string, Schema>): object {
    return documentV3(paths, schemas, this.#info);
  }
}

function build(resources: readonly ServedResource[], signature: string, info: object): Built {
  const file = readDefinitionsFile();
  const served = groupVersionsOf(resources);
  const writer = new PathWriter(file);
  writer.addDiscovery(served);
  for (const resource of resources) writer.add(resource);
  const paths = [...writer.paths].sort(([a], [b]) => (a < b ? -1 : 1));
  const security = [{ BearerToken: [] }];
  const definitions = schemasOf(file, writer.roots, 'v2', served);
  const v3 = new Map<string, OpenApiDocument>();
  for (const [name, items] of byGroup(paths)) {
    const schemas = schemasOf(
      file,
      items.flatMap(([, item]) => definitionsIn(item)),
      'v3',
      served,
    );
    const itemsV3 = Object.fromEntries(items.map(([path, item]) => [path, pathItemV3(item)]));
    v3.set(name, jsonDocument(documentV3(itemsV3, schemas, info)));
  }
  const v2 = {
    swagger: '2.0',
    info: info as { title: string; version: string },
    paths: Object.fromEntries(paths),
    definitions,
    securityDefinitions: SECURITY,
    security,
  };
  const pieces = [
    Buffer.from(`{"swagger":"2.0","info":${JSON.stringify(info)},"paths":{`),
    entries(v2.paths),
    Buffer.from('},"definitions":{'),
    entries(definitions),
    Buffer.from(`},"securityDefinitions":${JSON.stringify(SECURITY)},"security":${JSON.stringify(security)}}`),
  ];
  const body = Buffer.concat(pieces);
  // The pieces are views of the whole, so that keeping both costs nothing.
  const starts = pieces.map((_, i) => pieces.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const view = (index: number) => body.subarray(starts[index], starts[index + 1]);
  return {
    signature,
    v2: body,
    head: view(0),
    paths: view(1),
    middle: view(2),
    definitions: view(3),
    tail: view(4),
    v2Protobuf: encodeDocument(v2),
    v3,
    kit: customKit(file),
  };
}

function entries(object: object): Buffer {
  return Buffer.from(JSON.stringify(object).slice(1, -1));
}

const COMMA = Buffer.from(',');

/** Entries of several parts with commas between them. */
function joined(parts: readonly Buffer[]): Buffer[] {
  return parts.filter(({ length }) => length > 0).flatMap((part, i) => (i === 0 ? [part] : [COMMA, part]));
}

function documentV3(paths: Record<string, Schema>, schemas: Record<string, Schema>, info: object): object {
  return {
    openapi: '3.0.0',
    info,
    paths,
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
    [...documents]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { etag }]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${etag}` }]),
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
