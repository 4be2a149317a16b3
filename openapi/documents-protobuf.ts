/** Encodes an OpenAPI v2 document as gnostic's `openapi.v2.Document`, which kubectl up to 1.26 asks for. */
import type { Operation, Parameter, PathItem } from './documents-operations.ts';
import type { Schema } from './documents-schema.ts';
import { ProtobufWriter } from './protobuf.ts';

export interface DocumentV2 {
  swagger: string;
  info: { title: string; version: string };
  paths: Record<string, PathItem>;
  definitions: Record<string, Schema>;
  securityDefinitions: Record<string, { type: string; name: string; in: string; description: string }>;
  security: Record<string, string[]>[];
}

/** Path item fields by method. */
const METHODS = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

export function encodeDocument(document: DocumentV2): Buffer {
  const writer = new ProtobufWriter(1 << 20);
  writer.string(1, document.swagger);
  writer.message(2, (info) => info.string(1, document.info.title).string(2, document.info.version));
  writeParts(writer, document);
  for (const requirement of document.security) {
    writer.message(12, (value) => {
      for (const [name, scopes] of Object.entries(requirement))
        named(value, 1, name, (list) => strings(list, 1, scopes));
    });
  }
  writer.message(13, (definitions) => {
    for (const [name, { type, name: header, in: place, description }] of Object.entries(document.securityDefinitions)) {
      named(definitions, 1, name, (item) =>
        item.message(2, (key) => key.string(1, type).string(2, header).string(3, place).string(4, description)),
      );
    }
  });
  return writer.finish();
}

/** More paths and definitions for a document: encoded so, and put behind it, they are a part of it. */
export function encodeParts(parts: Pick<DocumentV2, 'paths' | 'definitions'>): Buffer {
  const writer = new ProtobufWriter(1 << 14);
  writeParts(writer, parts);
  return writer.finish();
}

function writeParts(writer: ProtobufWriter, document: Pick<DocumentV2, 'paths' | 'definitions'>): void {
  writer.message(8, (paths) => {
    for (const [path, item] of Object.entries(document.paths)) {
      named(paths, 2, path, (value) => writePathItem(value, item));
    }
  });
  writer.message(9, (definitions) => {
    for (const [name, schema] of Object.entries(document.definitions)) {
      named(definitions, 1, name, (value) => writeSchema(value, schema));
    }
  });
}

/** An entry of gnostic's maps: name 1, value 2. */
function named(writer: ProtobufWriter, field: number, name: string, write: (value: ProtobufWriter) => void): void {
  writer.message(field, (entry) => entry.string(1, name).message(2, write));
}

function strings(writer: ProtobufWriter, field: number, values: readonly string[] | undefined): void {
  for (const value of values ?? []) writer.string(field, value);
}

/** gnostic's Any holds YAML, of which JSON is a part. */
function any(writer: ProtobufWriter, field: number, value: unknown): void {
  writer.message(field, (inner) => inner.string(2, `${JSON.stringify(value)}\n`));
}

function extensions(writer: ProtobufWriter, field: number, object: object): void {
  for (const [name, value] of Object.entries(object)) {
    if (name.startsWith('x-')) writer.message(field, (entry) => any(entry.string(1, name), 2, value));
  }
}

function writePathItem(writer: ProtobufWriter, item: PathItem): void {
  for (const [method, field] of Object.entries(METHODS)) {
    const operation = item[method as keyof typeof METHODS];
    if (operation) writer.message(field, (value) => writeOperation(value, operation));
  }
  for (const parameter of item.parameters ?? []) writeParameter(writer, 9, parameter);
}

function writeOperation(writer: ProtobufWriter, operation: Operation): void {
  strings(writer, 1, operation.tags);
  writer.string(3, operation.description).string(5, operation.operationId);
  strings(writer, 6, operation.produces);
  strings(writer, 7, operation.consumes);
  for (const parameter of operation.parameters ?? []) writeParameter(writer, 8, parameter);
  writer.message(9, (responses) => {
    for (const [code, { description, schema }] of Object.entries(operation.responses)) {
      named(responses, 1, code, (value) =>
        value.message(1, (response) => {
          response.string(1, description);
          if (schema) response.message(2, (item) => item.message(1, (inner) => writeSchema(inner, schema)));
        }),
      );
    }
  });
  strings(writer, 10, operation.schemes);
  extensions(writer, 13, operation);
}

function writeParameter(writer: ProtobufWriter, field: number, parameter: Parameter): void {
  writer.message(field, (item) =>
    item.message(1, (oneOf) => {
      if (parameter.in === 'body') oneOf.message(1, (body) => writeBody(body, parameter));
      else if (parameter.in === 'path')
        oneOf.message(2, (other) => other.message(4, (path) => writePath(path, parameter)));
      else oneOf.message(2, (other) => other.message(3, (query) => writeQuery(query, parameter)));
    }),
  );
}

function writeBody(writer: ProtobufWriter, { name, required = false, schema = {} }: Parameter): void {
  writer.string(2, name).string(3, 'body').bool(4, required);
  writer.message(5, (inner) => writeSchema(inner, schema));
}

function writePath(writer: ProtobufWriter, { name, description = '', type = 'string' }: Parameter): void {
  writer.bool(1, true).string(2, 'path').string(3, description).string(4, name).string(5, type).bool(19, true);
}

function writeQuery(writer: ProtobufWriter, { name, description = '', type = 'string' }: Parameter): void {
  writer.string(2, 'query').string(3, description).string(4, name).string(6, type).bool(20, true);
}

function writeSchema(writer: ProtobufWriter, schema: Schema): void {
  for (const [key, value] of Object.entries(schema)) SCHEMA_FIELDS[key]?.(writer, value);
  extensions(writer, 31, schema);
}

const SCHEMA_FIELDS: Record<string, (writer: ProtobufWriter, value: unknown) => void> = {
  $ref: (writer, value) => writer.string(1, String(value)),
  format: (writer, value) => writer.string(2, String(value)),
  title: (writer, value) => writer.string(3, String(value)),
  description: (writer, value) => writer.string(4, String(value)),
  default: (writer, value) => any(writer, 5, value),
  multipleOf: (writer, value) => writer.double(6, Number(value)),
  maximum: (writer, value) => writer.double(7, Number(value)),
  exclusiveMaximum: (writer, value) => writer.bool(8, value === true),
  minimum: (writer, value) => writer.double(9, Number(value)),
  exclusiveMinimum: (writer, value) => writer.bool(10, value === true),
  maxLength: (writer, value) => writer.integer(11, Number(value)),
  minLength: (writer, value) => writer.integer(12, Number(value)),
  pattern: (writer, value) => writer.string(13, String(value)),
  maxItems: (writer, value) => writer.integer(14, Number(value)),
  minItems: (writer, value) => writer.integer(15, Number(value)),
  maxProperties: (writer, value) => writer.integer(17, Number(value)),
  minProperties: (writer, value) => writer.integer(18, Number(value)),
  required: (writer, value) => strings(writer, 19, value as string[]),
  enum: (writer, value) => {
    for (const item of value as unknown[]) any(writer, 20, item);
  },
  additionalProperties: (writer, value) =>
    writer.message(21, (item) =>
      typeof value === 'boolean'
        ? item.bool(2, value)
        : item.message(1, (inner) => writeSchema(inner, value as Schema)),
    ),
  type: (writer, value) => writer.message(22, (item) => item.string(1, String(value))),
  items: (writer, value) =>
    writer.message(23, (item) => item.message(1, (inner) => writeSchema(inner, value as Schema))),
  properties: (writer, value) =>
    writer.message(25, (properties) => {
      for (const [name, schema] of Object.entries(value as Record<string, Schema>)) {
        named(properties, 1, name, (inner) => writeSchema(inner, schema));
      }
    }),
  externalDocs: (writer, value) => {
    const { description = '', url = '' } = value as { description?: string; url?: string };
    writer.message(29, (docs) => docs.string(1, description).string(2, url));
  },
  example: (writer, value) => any(writer, 30, value),
};
