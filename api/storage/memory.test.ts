import { MemoryStorage } from './memory.ts';
import { runStorageSuite } from './suite.ts';

const open = async () => {
  const storage = new MemoryStorage();
  return { storage, cleanup: () => storage.close() };
};

runStorageSuite('memory', open, { keeps: false });
