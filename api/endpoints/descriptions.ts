/** Descriptions of fields, as Table columns show them. The file is read when one is first asked for, and let go again. */
import { type DefinitionsFile, readDefinitionsFile } from '../../openapi/documents-file.ts';

/** A function from definition and field to upstream's description. */
export function fieldDescriptions(): (definition: string, field: string) => string {
  const known = new Map<string, string>();
  let file: WeakRef<DefinitionsFile> | undefined;
  return (definition, field) => {
    const key = `${definition} ${field}`;
    let text = known.get(key);
    if (text === undefined) {
      const read = file?.deref() ?? readDefinitionsFile();
      file = new WeakRef(read);
      text = read.definitions[definition]?.f[field]?.d ?? '';
      known.set(key, text);
    }
    return text;
  };
}
