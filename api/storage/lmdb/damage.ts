/** How a store that cannot be trusted is refused: what is wrong, where, and what to do. */
import { StorageError } from '../interface.ts';

export const WHAT_TO_DO =
  '`kubets store check` says what is left of it, `kubets store restore` puts a backup in its place';

/** `where` is a file or a folder, `what` the end of the sentence "it is damaged: …". */
export function damaged(where: string, what: string, options?: ErrorOptions): StorageError {
  return new StorageError(
    'Damaged',
    '',
    `${where} is damaged: ${what}. Nothing was changed; ${WHAT_TO_DO}`,
    0,
    options,
  );
}
