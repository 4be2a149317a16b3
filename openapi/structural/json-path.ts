/** The JSONPath that printer columns, scale and selectable fields are written in. */
import { isJsonObject } from '../json.ts';

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'descend'; name: string }
  | { kind: 'slice'; from?: number; to?: number; step?: number }
  | { kind: 'index'; index: number }
  | { kind: 'union'; names: string[] }
  | { kind: 'filter'; path: Step[]; operator: string; literal: unknown };

export interface JsonPath {
  /** The values that the path leads to, in order; none where something is missing. */
  find(value: unknown): unknown[];
}

/** Parses `.spec.containers[*].name` and the like. Throws an Error for what is no path. */
export function jsonPath(text: string): JsonPath {
  const steps = new Parser(text).steps();
  return {
    find: (value) => steps.reduce<unknown[]>((values, step) => values.flatMap((inner) => take(inner, step)), [value]),
  };
}

function take(value: unknown, step: Step): unknown[] {
  switch (step.kind) {
    case 'field':
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'wildcard':
      return childrenOf(value);
    case 'descend':
      return descend(value, step.name);
    case 'index':
      return Array.isArray(value) ? value.slice(step.index, step.index === -1 ? undefined : step.index + 1) : [];
    case 'slice':
      return Array.isArray(value) ? slice(value, step) : [];
    case 'union':
      return step.names.flatMap((name) => take(value, { kind: 'field', name }));
    case 'filter':
      return childrenOf(value).filter((inner) => passes(inner, step));
  }
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function descend(value: unknown, name: string): unknown[] {
  const here = name === '*' ? childrenOf(value) : take(value, { kind: 'field', name });
  return [...here, ...childrenOf(value).flatMap((inner) => descend(inner, name))];
}

function slice(
  list: readonly unknown[],
  { from, to, step = 1 }: { from?: number; to?: number; step?: number },
): unknown[] {
  return list.slice(from, to).filter((_, i) => i % step === 0);
}

function passes(value: unknown, { path, operator, literal }: Extract<Step, { kind: 'filter' }>): boolean {
  const [found] = path.reduce<unknown[]>((values, step) => values.flatMap((inner) => take(inner, step)), [value]);
  if (operator === '') return found !== undefined;
  if (found === undefined) return false;
  switch (operator) {
    case '==':
      return found === literal;
    case '!=':
      return found !== literal;
    default:
      return typeof found === typeof literal && compare(found as number, literal as number, operator);
  }
}

function compare(left: number, right: number, operator: string): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

const NAME = /^(?:\\.|[^.[\]\\()@?{}"'\s,*])+/;

class Parser {
  #rest: string;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#rest = text.startsWith('$') || text.startsWith('@') ? text.slice(1) : text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    while (this.#rest !== '') steps.push(...this.#step());
    return steps;
  }

  #step(): Step[] {
    if (this.#accept(/^\.\.\*/)) return [{ kind: 'descend', name: '*' }];
    if (this.#accept(/^\.\./)) return [{ kind: 'descend', name: this.#name() }];
    if (this.#accept(/^\.\*/) || this.#accept(/^\[\*\]/)) return [{ kind: 'wildcard' }];
    if (this.#rest.startsWith('.[')) this.#rest = this.#rest.slice(1);
    if (this.#rest.startsWith('[')) return [this.#bracket()];
    if (this.#accept(/^\./))
      return this.#rest === '' || this.#rest.startsWith('.') ? [] : [{ kind: 'field', name: this.#name() }];
    throw this.#wrong();
  }

  #bracket(): Step {
    const quoted = this.#accept(
      /^\[\s*((?:'(?:\\.|[^'])*'|"(?:\\.|[^"])*")(?:\s*,\s*(?:'(?:\\.|[^'])*'|"(?:\\.|[^"])*"))*)\s*\]/,
    );
    if (quoted) {
      const names = [...(quoted[1] ?? '').matchAll(/'((?:\\.|[^'])*)'|"((?:\\.|[^"])*)"/g)].map((one) =>
        unescaped(one[1] ?? one[2] ?? ''),
      );
      return { kind: 'union', names };
    }
    const index = this.#accept(/^\[\s*(-?\d+)\s*\]/);
    if (index) return { kind: 'index', index: Number(index[1]) };
    const range = this.#accept(/^\[\s*(-?\d*)\s*:\s*(-?\d*)\s*(?::\s*(\d*)\s*)?\]/);
    if (range) {
      const part = (text: string | undefined) => (text ? Number(text) : undefined);
      const [from, to, step] = [part(range[1]), part(range[2]), part(range[3])];
      return {
        kind: 'slice',
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(step ? { step } : {}),
      };
    }
    const filter = this.#accept(
      /^\[\?\(\s*@([^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*('(?:\\.|[^'])*'|"(?:\\.|[^"])*"|[^)]+?))?\s*\)\]/,
    );
    if (!filter) throw this.#wrong();
    const path = new Parser(filter[1] ?? '').steps();
    return { kind: 'filter', path, operator: filter[2] ?? '', literal: literalOf(filter[3] ?? '') };
  }

  #name(): string {
    const name = this.#accept(NAME)?.[0];
    if (name === undefined) throw this.#wrong();
    return unescaped(name);
  }

  #accept(expression: RegExp): RegExpExecArray | undefined {
    const match = expression.exec(this.#rest);
    if (!match) return undefined;
    this.#rest = this.#rest.slice(match[0].length);
    return match;
  }

  #wrong(): Error {
    return new Error(`invalid JSONPath ${JSON.stringify(this.#text)}, at ${JSON.stringify(this.#rest)}`);
  }
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function literalOf(text: string): unknown {
  if (/^['"]/.test(text)) return unescaped(text.slice(1, -1));
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text !== '' && !Number.isNaN(number) ? number : text;
}

/** The names of a path that consists of nothing else, such as `.spec.replicas`. */
export function simplePath(text: string): string[] {
  return text.replace(/^\./, '').split('.');
}

/** What stands under these names; `undefined` where something is missing. */
export function valueAt(value: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (inner, name) => (isJsonObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}
