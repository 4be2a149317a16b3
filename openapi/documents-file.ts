/** The shape of `generated/definitions.json`, which the generator writes and the documents are built from. */
import { readGenerated } from './generated-file.ts';

export interface GroupVersionKind {
  group: string;
  kind: string;
  version: string;
}

export interface DocumentedField {
  /** Type code as `wire-schema.ts` reads it; beside `any` there are `raw` (RawExtension) and `fields` (FieldsV1). */
  t: string;
  /** Description. */
  d?: string;
  default?: unknown;
  enum?: string[];
  /** Extensions, `x-kubernetes-` left out of their names. */
  x?: Record<string, unknown>;
}

export interface DocumentedDefinition {
  d?: string;
  required?: string[];
  gvk?: GroupVersionKind;
  f: Record<string, DocumentedField>;
}

export interface DocumentedParameter {
  type: 'string' | 'boolean' | 'integer';
  description: string;
}

export interface DefinitionsFile {
  definitions: Record<string, DocumentedDefinition>;
  /** Query parameters by name; `patchFieldManager` is the text for PATCH. */
  parameters: Record<string, DocumentedParameter>;
  /** `pods/exec` → query parameters of its own. */
  connect: Record<string, Record<string, DocumentedParameter>>;
}

/** Reads the file anew: it takes megabytes, so whoever reads it lets go of it when the documents are built. */
export function readDefinitionsFile(): DefinitionsFile {
  return readGenerated('definitions.json') as DefinitionsFile;
}
