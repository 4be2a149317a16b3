/** PATCH with a configuration to apply: upstream's server-side apply. */

import { isUtf8 } from 'node:buffer';
import { messageOf } from '../../base/errors.ts';
import { duplicateFields } from '../../openapi/duplicate-fields.ts';
import { cloneJson } from '../../openapi/json.ts';
import type { KubeObject } from '../../openapi/object.ts';
import { badRequest, conflict } from '../../openapi/status.ts';
import type { ApiRequest, ApiResult } from '../http/request.ts';
import { entriesGiven, setEntries } from '../registry/store/managed-fields.ts';
import { applyTo } from '../registry/store/managed-fields-apply.ts';
import type { UpdateOptions } from '../registry/store/store.ts';
import { expectedOf, type ResourceRequest } from './context.ts';
import { parseJson, typed } from './decode.ts';
import { isForced, managerOf } from './field-manager.ts';
import { writeContext } from './options.ts';
import { parseYaml } from './yaml.ts';

/** What is merged was checked against the schema already; what else is in it was stored before. */
const UNCHECKED = { query: new URLSearchParams({ fieldValidation: 'Ignore' }), warnings: [] };

/** Applies the body to the object, which is created where it is absent; a subresource's only where it is not. */
export async function serverSideApply(
  { request, info, served, store, context }: ResourceRequest,
  options: UpdateOptions = {},
): Promise<ApiResult> {
  const write = writeContext(request, 'PatchOptions');
  const { declaration } = served;
  const { configuration, duplicate } = await readConfiguration(request);
  const how = { manager: managerOf(request), force: isForced(request.query), subresource: info.subresource };
  const change = (stored: KubeObject | undefined): KubeObject => {
    const { object: merged, managedFields } = applyTo(served.fields, stored, configuration, how);
    if (duplicate) reportDuplicate(request, duplicate);
    const object = typed(cloneJson(merged), UNCHECKED, expectedOf(declaration), context.known);
    const uid = object.metadata?.uid;
    if (uid && !stored) {
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      throw conflict({ group: declaration.group, resource: declaration.plural }, info.name, why);
    }
    // A version of something that is not there says nothing, as upstream.
    if (!stored) delete object.metadata?.resourceVersion;
    setEntries(object, managedFields);
    return served.toStored(object);
  };
  const { object, created } = await store.update(info.namespace, info.name, change, write, {
    createOnUpdate: true,
    ...options,
    fromStored: true,
    manage: entriesGiven,
  });
  return { kind: 'object', status: created ? 201 : 200, object: served.shown(object), resource: declaration };
}

interface Configuration {
  configuration: unknown;
  /** The first key that the body has twice. */
  duplicate?: string;
}

async function readConfiguration(request: ApiRequest): Promise<Configuration> {
  if (request.value !== undefined) return { configuration: request.value };
  const bytes = await request.bytes();
  const json = asJson(bytes);
  if (json !== undefined) return { configuration: json };
  try {
    const { value, ...more } = await parseYaml(bytes);
    return { configuration: value, ...more };
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${messageOf(error).split('\n')[0]}`);
  }
}

/** Most configurations are JSON, which is read faster; what has a key twice is for YAML's parser to tell where. */
function asJson(bytes: Buffer): unknown {
  if (bytes[0] !== '{'.charCodeAt(0) || !isUtf8(bytes)) return undefined;
  try {
    const value = parseJson(bytes);
    return duplicateFields(bytes.toString()).length > 0 ? undefined : value;
  } catch {
    // Then it is YAML, or nothing.
    return undefined;
  }
}

function reportDuplicate(request: ApiRequest, duplicate: string): void {
  const mode = request.query.get('fieldValidation') || 'Warn';
  if (mode === 'Ignore') return;
  const text = `error converting YAML to JSON: ${duplicate}`;
  if (mode === 'Strict') throw badRequest(`error strict decoding YAML: ${text}`);
  const warning = text.replaceAll('\n', ' ');
  if (!request.warnings.includes(warning)) request.warnings.push(warning);
}
