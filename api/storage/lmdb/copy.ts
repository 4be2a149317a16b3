/** Writes what is in one store's file to a new store: record by record, so that only what is sound is carried over. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tables } from './backend.ts';
import { damaged } from './damage.ts';
import { openTables } from './environment.ts';
import { DATA, flush } from './files.ts';
import { writeFormat } from './format.ts';
import { type Inspection, inspect } from './inspect.ts';
import { encodeChange, encodeObject, revisionKey } from './records.ts';

/** Written in one transaction. */
const BATCH_BYTES = 8 * 1024 ** 2;

/**
 * Copies the store in `path` into a new one in `folder`, which is on disk and verified when this resolves. With
 * `skippedRevisions` it goes on that many revisions later, and without history.
 */
export async function copyStore(path: string, folder: string, skippedRevisions = 0): Promise<Inspection> {
  const tables = openTables(folder, { durability: 'relaxed' });
  const writer = new Writer(tables);
  let found: Inspection | undefined;
  try {
    found = inspect(path, {
      onObject: ({ key, value, modRevision }) =>
        writer.put('objects', Buffer.from(key), encodeObject(value, modRevision)),
      onChange: (change) => {
        if (skippedRevisions === 0) writer.put('changes', revisionKey(change.revision), encodeChange(change));
      },
    });
    writer.flush();
    if (found) writeFormat(tables, stateOf(found, skippedRevisions));
  } finally {
    await tables.root.close();
  }
  const copy = join(folder, DATA);
  await chmod(copy, 0o600);
  await flush(copy);
  const copied = inspect(copy);
  if (!found || !copied || JSON.stringify(copied.summary) !== JSON.stringify(found.summary)) {
    throw damaged(copy, 'it is not what was copied');
  }
  return copied;
}

function stateOf({ revision, compacted, summary }: Inspection, skipped: number) {
  const later = revision + skipped;
  return { revision: later, compacted: skipped > 0 ? later : compacted, summary };
}

class Writer {
  readonly #tables: Tables;
  #waiting: (() => void)[] = [];
  #bytes = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  put(table: 'objects' | 'changes', key: Buffer, record: Buffer): void {
    this.#waiting.push(() => void this.#tables[table].put(key, record));
    this.#bytes += key.length + record.length;
    if (this.#bytes > BATCH_BYTES) this.flush();
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#tables.root.transactionSync(() => {
      for (const write of waiting) write();
    });
  }
}
