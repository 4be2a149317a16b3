/** Every built-in resource, group by group: what is declared here is served. */
import { customResourceDefinitions } from './apiextensions/customresourcedefinitions.ts';
import { type CoreDependencies, coreResources } from './core/index.ts';
import type { ResourceDeclaration } from './declaration.ts';

export interface BuiltinDependencies extends CoreDependencies {}

/** The declarations of one cluster. */
export function builtinResources(dependencies: BuiltinDependencies): ResourceDeclaration[] {
  return [...coreResources(dependencies), customResourceDefinitions];
}
