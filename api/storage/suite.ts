/** The promises of `interface.ts`, as tests that every engine passes. An engine's own test file calls this. */
import { describeHistory } from './suite-history.ts';
import { describeLists } from './suite-lists.ts';
import { describeReopening } from './suite-reopening.ts';
import type { OpenStorage } from './suite-support.ts';
import { describeWatches } from './suite-watches.ts';
import { describeWrites } from './suite-writes.ts';

/** `keeps: false` is for an engine whose data ends with it; `open` of every other gives `reopen` too. */
export function runStorageSuite(name: string, open: OpenStorage, { keeps = true } = {}): void {
  describe(`Storage: ${name}`, () => {
    describeWrites(open);
    describeLists(open);
    describeWatches(open);
    describeHistory(open);
    if (keeps) describeReopening(open);
  });
}
