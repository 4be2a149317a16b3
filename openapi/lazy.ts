/**
 * Packages that only some servers ever need, loaded when they are first asked for. Schemas are compiled in the middle
 * of synchronous work, so these are required and not imported.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** JSON Schema. */
export function loadAjv(): typeof import('ajv') {
  return require('ajv') as typeof import('ajv');
}

/** The Common Expression Language. */
export function loadCel(): typeof import('@marcbachmann/cel-js') {
  return require('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js');
}

/** Go's regular expressions, in linear time. */
export function loadRe2(): typeof import('re2js') {
  return require('re2js') as typeof import('re2js');
}
