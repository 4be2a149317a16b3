/** The compiler that checks the expressions of admission and device configuration when they are written. */
import { CelCompileError, CelCompiler } from '../../../openapi/cel/compile.ts';
import { DYN } from '../../../openapi/cel/types.ts';

/** The messages of mutations, which the library cannot build: `Object{…}`, `Object.spec{…}`, `JSONPatch{…}`. */
const MESSAGE = /\b(Object|JSONPatch)(\.\w+)*\s*\{/;
/** A function on a variable whose type is not declared: the authorizer's are of this kind. */
const UNKNOWN_METHOD = /found no matching overload for .*'dyn\./;

/**
 * What is wrong with a CEL expression over these variables, as `compilation failed: …`; `undefined` when nothing is.
 * Variables have no declared types, so that upstream finds more: a wrong type of a field or of the result passes here.
 */
export function compileExpression(expression: string, variables: readonly string[]): string | undefined {
  if (MESSAGE.test(expression)) return undefined;
  // `authorizer.requestResource` is a field of a variable here.
  const names = variables.filter((name) => !name.includes('.'));
  try {
    new CelCompiler(Object.fromEntries(names.map((name) => [name, DYN]))).compile(expression);
    return undefined;
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    return UNKNOWN_METHOD.test(error.message) ? undefined : error.message;
  }
}
