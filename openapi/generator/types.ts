/** Writes the TypeScript types of the wire: what `JSON.parse` gives for an object the server sent. */
import type { Definition, FieldType } from './model.ts';

/** Text of `openapi/generated/types.ts`. */
export function typesText(definitions: Definition[]): string {
  const names = new Map(definitions.map((d) => [d.id, d.model]));
  const lines = ['// Generated from @kubernetes/client-node; not committed.', ''];
  for (const definition of definitions) {
    lines.push(`export interface ${definition.model} {`);
    for (const field of definition.fields) {
      lines.push(
        `  ${field.name.startsWith('$') || field.name.includes('-') ? `'${field.name}'` : field.name}${field.required ? '' : '?'}: ${typeText(field.type, names)};`,
      );
    }
    lines.push('}', '');
  }
  return lines.join('\n');
}

function typeText(type: FieldType, names: Map<string, string>): string {
  switch (type.kind) {
    case 'array':
      return `${bracket(typeText(type.items, names))}[]`;
    case 'map':
      return `Record<string, ${typeText(type.values, names)}>`;
    case 'ref':
      return names.get(type.ref) ?? 'unknown';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'intOrString':
      return 'number | string';
    case 'any':
      return 'unknown';
    case 'object':
      return 'Record<string, unknown>';
    default:
      return 'string';
  }
}

function bracket(text: string): string {
  return text.includes('|') ? `(${text})` : text;
}
