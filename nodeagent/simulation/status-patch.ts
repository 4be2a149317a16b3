/** The strategic merge patch that takes one pod status to another, as a kubelet sends it. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { V1PodStatus } from '../../openapi/generated/types.ts';

type Bag = Record<string, unknown>;

/** Lists that the server merges item by item, with the field that tells items apart. All others are replaced. */
const MERGED: Readonly<Record<string, string>> = { conditions: 'type', podIPs: 'ip', hostIPs: 'ip' };

/** Only what differs; what is gone becomes `null`, and what is gone from a merged list is told to go. */
export function statusPatch(from: V1PodStatus, to: V1PodStatus): Bag {
  const patch: Bag = {};
  const [old, wanted] = [from as Bag, to as Bag];
  for (const key of Object.keys(old)) if (wanted[key] === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined || isDeepStrictEqual(value, old[key])) continue;
    const mergeKey = MERGED[key];
    patch[key] = mergeKey ? listPatch((old[key] ?? []) as Bag[], value as Bag[], mergeKey) : value;
  }
  return patch;
}

function listPatch(from: readonly Bag[], to: readonly Bag[], key: string): Bag[] {
  const changed = to.filter((item) => !from.some((other) => isDeepStrictEqual(other, item)));
  const gone = from.filter((item) => !to.some((other) => other[key] === item[key]));
  return [
    ...changed.map((item) => itemPatch(from, item, key)),
    ...gone.map((item) => ({ $patch: 'delete', [key]: item[key] })),
  ];
}

/** Items are merged field by field: one that an item has no more is told to go. */
function itemPatch(from: readonly Bag[], item: Bag, key: string): Bag {
  const before = from.find((other) => other[key] === item[key]) ?? {};
  const gone = Object.keys(before).filter((field) => item[field] === undefined);
  return { ...Object.fromEntries(gone.map((field) => [field, null])), ...item };
}
