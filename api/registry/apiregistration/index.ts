/** Which server answers for which group and version. Only this one does yet. */
import type { Describe } from '../core/columns.ts';
import type { ResourceDeclaration } from '../declaration.ts';
import { apiServices } from './apiservices.ts';

export function apiregistrationResources(describe: Describe): ResourceDeclaration[] {
  return [apiServices(describe)];
}
