/** Who uses which page of lmdb's file: each is used once, or is free, and none is both. */
import type { PageFile } from './page-file.ts';

const USED = 1;
const FREE = 2;

export class PageUse {
  readonly #file: PageFile;
  readonly #lastPage: number;
  readonly #filePages: number;
  readonly #pages: Uint8Array;
  /** Free pages that the file has not been long enough for yet. */
  readonly #beyond = new Set<number>();

  constructor(file: PageFile, lastPage: number) {
    this.#file = file;
    this.#lastPage = lastPage;
    this.#filePages = file.pages;
    this.#pages = new Uint8Array(this.#filePages);
    this.#pages.fill(USED, 0, 2);
  }

  /** Takes `count` pages from `first` on. Throws `Damaged` when one is taken, or not there. */
  claim(first: number, count: number): void {
    if (!this.#inside(first, count) || first + count > this.#filePages) {
      throw this.#file.damaged('something points outside of it: it has lost its end, or a number is wrong', first);
    }
    for (let page = first; page < first + count; page++) {
      if (this.#pages[page] !== 0) throw this.#file.damaged('it is used twice', page);
      this.#pages[page] = USED;
    }
  }

  /** Notes pages that are free. After all claims. */
  free(first: number, count: number): void {
    if (!this.#inside(first, count)) throw this.#file.damaged('its free pages point outside of it', first);
    for (let page = first; page < first + count; page++) {
      if (page >= this.#filePages) this.#beyond.add(page);
      else if (this.#pages[page] !== 0) throw this.#file.damaged('it counts as free and is not', page);
      else this.#pages[page] = FREE;
    }
  }

  /** lmdb does not write pages at the end that it has not used yet; any other that is missing has been cut off. */
  requireEnd(): void {
    const missing = Math.max(this.#lastPage + 1 - this.#filePages, 0);
    if (this.#beyond.size < missing) throw this.#file.damaged(`it has lost its end, ${missing} pages`);
  }

  #inside(first: number, count: number): boolean {
    return first >= 2 && count >= 1 && Number.isSafeInteger(first + count) && first + count - 1 <= this.#lastPage;
  }
}
