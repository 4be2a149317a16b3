/** Priority and fairness: who waits in which queue. Declared and stored; nothing waits by it yet. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { flowSchemas } from './flowschemas.ts';
import { priorityLevelConfigurations } from './prioritylevelconfigurations.ts';

export function flowcontrolResources(describe: Describe): ResourceDeclaration[] {
  return [flowSchemas(describe), priorityLevelConfigurations(describe)];
}
