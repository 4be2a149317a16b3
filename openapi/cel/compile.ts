/** CEL expressions: compiled once against declared variables, evaluated within a budget. */
import type { Environment } from '@marcbachmann/cel-js';
import { loadCel } from '../lazy.ts';
import { registerNetwork } from './library-network.ts';
import { registerQuantity, registerSemver } from './library-quantity.ts';
import { MATCHES, registerText } from './library-text.ts';
import { compileMessage } from './messages.ts';
import { checkHas, type Node, nodesOf } from './tree.ts';
import type { CelType } from './types.ts';
import { isEqual } from './values.ts';

/** An expression that cannot be compiled, worded as upstream words it: `compilation failed: ERROR: <input>:1:6: …`. */
export class CelCompileError extends Error {}

/** Why an evaluation gave no value. */
export class CelEvaluationError extends Error {
  /** It would have cost more than was left to spend. */
  readonly exceeded: boolean;

  constructor(message: string, exceeded = false) {
    super(message);
    this.exceeded = exceeded;
  }
}

/** What evaluations may cost, in steps; shared by all that belong together. */
export interface CelBudget {
  left: number;
}

/** The variables of an expression, by name. */
export type CelDeclarations = Readonly<Record<string, CelType>>;

export interface CelExpression {
  /** What it evaluates to, as the library spells it. */
  readonly type: string;
  /** Whether it mentions that variable. */
  uses(name: string): boolean;
  /**
   * Evaluates for variables given as JSON; those that are absent are `undefined`. One evaluation costs at most
   * `CALL_COST_MAX`, all together at most what the budget has left. Throws `CelEvaluationError`.
   */
  evaluate(variables: Readonly<Record<string, unknown>>, budget: CelBudget): unknown;
}

/** Upstream's limits: of one evaluation, and of all for one object. */
export const CALL_COST_MAX = 1_000_000;
export const OBJECT_COST_MAX = 10_000_000;
const EXPRESSION_MAX = 100_000;

let base: Environment | undefined;

function baseEnvironment(): Environment {
  if (base) return base;
  const { Environment } = loadCel();
  base = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  registerText(base);
  registerQuantity(base);
  registerSemver(base);
  registerNetwork(base);
  return base;
}

/** Expressions over the same variables. Throws an Error where a type cannot be declared. */
export class CelCompiler {
  readonly #environment: Environment;
  readonly #declarations: CelDeclarations;

  constructor(declarations: CelDeclarations) {
    this.#declarations = declarations;
    const environment = baseEnvironment().clone();
    const known = new Set<string>();
    for (const type of Object.values(declarations)) {
      for (const { name, fields, ctor } of type.objects) {
        if (known.has(name)) continue;
        known.add(name);
        environment.registerType(name, { ctor, fields });
        environment.registerOperator(`${name} == ${name}`, isEqual);
      }
    }
    for (const [name, type] of Object.entries(declarations)) environment.registerVariable(name, type.name);
    this.#environment = environment;
  }

  /** Throws CelCompileError. */
  compile(expression: string): CelExpression {
    const parsed = this.#parse(expression);
    const nodes = nodesOf(parsed.ast as unknown as Node);
    renameMatches(nodes);
    const checked = parsed.check();
    if (!checked.valid) throw compileError(expression, checked.error);
    const fields = new Map(
      Object.values(this.#declarations).flatMap((type) => type.objects.map((one) => [one.name, one.fields])),
    );
    const wrong = checkHas(nodes, fields);
    if (wrong) throw compileError(expression, { summary: `No such key: ${wrong.field}`, range: wrong });
    const meter = new Meter();
    for (const node of nodesOf(parsed.ast as unknown as Node)) meter.attach(node);
    const used = new Set(nodes.filter(({ op }) => op === 'id').map(({ args }) => args));
    return {
      type: checked.type ?? 'dyn',
      uses: (name) => used.has(name),
      evaluate: (variables, budget) => meter.run(budget, () => parsed(this.#convert(variables, used)) as unknown),
    };
  }

  #parse(expression: string) {
    if (expression.length > EXPRESSION_MAX) throw new CelCompileError('compilation failed: the expression is too long');
    try {
      return this.#environment.parse(expression);
    } catch (error) {
      throw compileError(expression, error);
    }
  }

  #convert(variables: Readonly<Record<string, unknown>>, used: ReadonlySet<unknown>): Record<string, unknown> {
    const converted: Record<string, unknown> = {};
    for (const [name, type] of Object.entries(this.#declarations)) {
      if (used.has(name)) converted[name] = type.convert(variables[name]);
    }
    return converted;
  }
}

/** One expression over these variables. Throws CelCompileError. */
export function compile(expression: string, declarations: CelDeclarations): CelExpression {
  return new CelCompiler(declarations).compile(expression);
}

function renameMatches(nodes: readonly Node[]): void {
  for (const { op, args } of nodes) {
    if ((op === 'rcall' || op === 'call') && Array.isArray(args) && args[0] === 'matches') args[0] = MATCHES;
  }
}

function compileError(expression: string, error: unknown): CelCompileError {
  return new CelCompileError(compileMessage(expression, error).replaceAll(MATCHES, 'matches'));
}

/** Counts the steps of an evaluation, and ends it when they are too many. */
class Meter {
  #left = 0;
  #exceeded = false;
  readonly #stop = new CelEvaluationError('operation cancelled: actual cost limit exceeded', true);

  /** Makes every evaluation of the node cost a step, and more where a large value comes out of it. */
  attach(node: Node): void {
    const target = node.meta.macro ?? node.meta;
    const { evaluate } = target;
    if (!evaluate || node.meta.alternate) return;
    const isSized = node.op === '+' || node.op === 'call' || node.op === 'rcall';
    const spend = (steps: number) => this.#spend(steps);
    const metered = function (this: unknown, evaluator: unknown, ast: unknown, context: unknown): unknown {
      spend(1);
      const value = evaluate.call(this, evaluator, ast, context);
      if (isSized) spend(sizeOf(value));
      return value;
    };
    target.evaluate = metered;
  }

  run(budget: CelBudget, evaluate: () => unknown): unknown {
    const allowed = Math.min(CALL_COST_MAX, budget.left);
    this.#left = allowed;
    this.#exceeded = false;
    try {
      const value = evaluate();
      if (this.#exceeded) throw this.#stop;
      return value;
    } catch (error) {
      if (this.#exceeded) throw this.#stop;
      const { summary, message } = error as { summary?: string; message: string };
      throw new CelEvaluationError((summary ?? message).replace(/^No such key: /, 'no such key: '));
    } finally {
      budget.left -= allowed - Math.max(this.#left, 0);
    }
  }

  #spend(steps: number): void {
    this.#left -= steps;
    // Thrown again at each step from here on: loops go on after an error, but their bodies no longer run.
    if (this.#left >= 0 && !this.#exceeded) return;
    this.#exceeded = true;
    throw this.#stop;
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Math.ceil(value.length / 10);
  if (Array.isArray(value)) return value.length;
  return 0;
}
