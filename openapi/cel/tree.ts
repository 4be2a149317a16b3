/** The syntax tree of the library, as far as we look into it. */

interface Evaluating {
  evaluate?: (this: unknown, evaluator: unknown, ast: unknown, context: unknown) => unknown;
}

export interface Node {
  op: string;
  args: unknown;
  start: number;
  end: number;
  checkedType?: { name: string };
  meta: Evaluating & { alternate?: Node; macro?: Evaluating & { macroHasProps?: Node[] } };
}

/** Every node of a tree, those that macros stand for too. */
export function nodesOf(root: Node): Node[] {
  const found = new Set<Node>();
  const pending: unknown[] = [root];
  const seen = new Set<unknown>();
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isNode(value)) {
      found.add(value);
      pending.push(value.args, value.meta.alternate, value.meta.macro);
    } else if (Array.isArray(value)) pending.push(...value);
    else if (Object.getPrototypeOf(value) === Object.prototype) pending.push(...Object.values(value));
  }
  return [...found];
}

function isNode(value: object): value is Node {
  return 'op' in value && 'meta' in value && 'args' in value;
}

/** The library does not look at what `has()` asks for; a field that no object has is a mistake. */
export function checkHas(
  nodes: readonly Node[],
  fields: ReadonlyMap<string, Readonly<Record<string, string>>>,
): { field: string; start: number; end: number } | undefined {
  for (const node of nodes) {
    const path = [...(node.meta.macro?.macroHasProps ?? [])].reverse();
    let type = path[0]?.checkedType?.name;
    for (const step of path.slice(1)) {
      const known = type === undefined ? undefined : fields.get(type);
      const [, field] = step.args as [unknown, string];
      if (known && !Object.hasOwn(known, field)) return { field, start: step.end - field.length, end: step.end };
      type = known?.[field];
    }
  }
  return undefined;
}
