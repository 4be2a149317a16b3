/** Turns the path items of version 2 into those of version 3: bodies apart from parameters, schemas by media type. */

import type { Operation, Parameter, PathItem } from './documents-operations.ts';
import { PATCH, reference, type Schema } from './documents-schema.ts';

export function pathItemV3(item: PathItem): Schema {
  const result: Schema = {};
  for (const [method, operation] of Object.entries(item)) {
    if (method === 'parameters') result.parameters = (operation as Parameter[]).map(parameterV3);
    else result[method] = operationV3(operation as Operation);
  }
  return result;
}

function operationV3(operation: Operation): Schema {
  const { consumes, produces, schemes: _schemes, parameters = [], responses, ...rest } = operation;
  const body = parameters.find((parameter) => parameter.in === 'body');
  const others = parameters.filter((parameter) => parameter.in !== 'body');
  return {
    ...rest,
    ...(others.length > 0 ? { parameters: others.map(parameterV3) } : {}),
    ...(body ? { requestBody: bodyV3(body, consumes) } : {}),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, { description, schema }]) => [
        code,
        schema ? { description, content: content(produces, schemaV3(schema)) } : { description },
      ]),
    ),
  };
}

function parameterV3({ type, uniqueItems, ...rest }: Parameter): Schema {
  return { ...rest, schema: { type, ...(uniqueItems ? { uniqueItems } : {}) } };
}

function bodyV3(body: Parameter, consumes: string[]): Schema {
  return { content: content(consumes, schemaV3(body.schema ?? {})), ...(body.required ? { required: true } : {}) };
}

function content(mediaTypes: string[], schema: Schema): Schema {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}

function schemaV3(schema: Schema): Schema {
  const id = definitionOf(schema);
  return id ? reference(id, 'v3') : schema;
}

/** The definition a version 2 schema refers to. */
export function definitionOf(schema: Schema): string | undefined {
  return typeof schema.$ref === 'string' ? schema.$ref.slice('#/definitions/'.length) : undefined;
}

/** The definitions that a path item of version 2 refers to. */
export function definitionsIn(item: PathItem): string[] {
  const ids = new Set<string>();
  for (const [method, operation] of Object.entries(item)) {
    if (method === 'parameters') continue;
    const { parameters = [], responses } = operation as Operation;
    const schemas = [
      ...parameters.map((parameter) => parameter.schema),
      ...Object.values(responses).map((r) => r.schema),
    ];
    for (const schema of schemas) {
      const id = schema && definitionOf(schema);
      if (id) ids.add(id);
    }
    if (method === 'patch') ids.add(PATCH);
  }
  return [...ids];
}
