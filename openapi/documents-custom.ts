/** The parts of OpenAPI documents that custom resources bring, group version by group version. */
import type { DefinitionsFile } from './documents-file.ts';
import type { PathItem } from './documents-operations.ts';
import { type CustomSchema, PathWriter, type ServedResource } from './documents-paths.ts';
import { encodeParts } from './documents-protobuf.ts';
import { reference, type Schema, schemasOf, type Version } from './documents-schema.ts';
import { definitionsIn, pathItemV3 } from './documents-v3.ts';
import { type PublishOptions, publishedList, publishedSchema } from './structural/publish.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const SCALE = /^io\.k8s\.api\.autoscaling\.v1\.Scale/;
/** What every custom resource refers to. */
const ROOTS = [`${META}.ObjectMeta`, `${META}.ListMeta`];

/** What documents of custom resources need of the built-in ones: kept, where those are let go of. */
export function customKit(file: DefinitionsFile): DefinitionsFile {
  const kept = Object.entries(file.definitions).filter(([id]) => id.startsWith(`${META}.`) || SCALE.test(id));
  return { definitions: Object.fromEntries(kept), parameters: file.parameters, connect: {} };
}

/** What one group version adds. */
export interface CustomParts {
  /** By which is told whether this is still what is served. */
  sources: readonly CustomSchema[];
  resources: readonly ServedResource[];
  /** Entries of `paths` and `definitions` of version 2 as JSON, without the braces around them. */
  paths: Buffer;
  definitions: Buffer;
  /** The same for the protobuf form. */
  protobuf: Buffer;
  v3: { paths: Record<string, Schema>; schemas: Record<string, Schema> };
}

/** Makes the parts of one group version's resources. */
export function customParts(kit: DefinitionsFile, resources: readonly ServedResource[]): CustomParts {
  const writer = new PathWriter(kit, true);
  for (const resource of resources) writer.add(resource);
  const items = [...writer.paths].sort(([a], [b]) => (a < b ? -1 : 1));
  const paths: Record<string, PathItem> = Object.fromEntries(items);
  const own = published(kit, resources, 'v2');
  const served = resources.map(({ group, version }) => ({ group, version })).slice(0, 1);
  const roots = [...ROOTS, ...items.flatMap(([, item]) => definitionsIn(item))];
  return {
    sources: resources.flatMap(({ custom }) => custom ?? []),
    resources,
    paths: entriesOf(paths),
    definitions: entriesOf(own),
    protobuf: encodeParts({ paths, definitions: own }),
    v3: {
      paths: Object.fromEntries(items.map(([path, item]) => [path, pathItemV3(item)])),
      schemas: { ...schemasOf(kit, roots, 'v3', served), ...published(kit, resources, 'v3') },
    },
  };
}

/** Whether parts are those of these resources. */
export function isCurrent(parts: CustomParts, resources: readonly ServedResource[]): boolean {
  return parts.sources.length === resources.length && resources.every(({ custom }, i) => custom === parts.sources[i]);
}

function published(
  kit: DefinitionsFile,
  resources: readonly ServedResource[],
  version: Version,
): Record<string, Schema> {
  const fields = kit.definitions[`${META}.PartialObjectMetadata`]?.f ?? kit.definitions[`${META}.Status`]?.f ?? {};
  const text = (name: string) => fields[name]?.d ?? '';
  const options: PublishOptions = {
    version,
    refer: (id) => reference(id, version),
    texts: { apiVersion: text('apiVersion'), kind: text('kind'), metadata: METADATA },
  };
  const schemas: Record<string, Schema> = {};
  for (const { custom } of resources) {
    if (!custom) continue;
    schemas[custom.kind.definition] = publishedSchema(custom.schema, custom.kind, options);
    schemas[custom.kind.listDefinition] = publishedList(custom.kind, options, LIST_METADATA);
  }
  return schemas;
}

const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
const METADATA = `Standard object's metadata. More info: ${CONVENTIONS}#metadata`;
const LIST_METADATA = `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`;

function entriesOf(object: object): Buffer {
  return Buffer.from(JSON.stringify(object).slice(1, -1));
}
