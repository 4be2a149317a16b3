/** Which of the names that a definition asks for it gets: pure, as upstream's naming controller. */
import { isDeepStrictEqual } from 'node:util';
import type { V1CustomResourceDefinitionNames } from '../../../openapi/generated/types.ts';
import { type Condition, type Crd, findCondition } from './conditions.ts';

export interface Naming {
  acceptedNames: V1CustomResourceDefinitionNames;
  namesAccepted: Condition;
  established: Condition;
}

const NONE: V1CustomResourceDefinitionNames = { plural: '', kind: '' };

/** Decides the names of a definition beside all others of its group, `others`, which have theirs already. */
export function decideNames(crd: Crd, others: readonly Crd[]): Naming {
  const { acceptedNames: accepted = NONE } = crd.status ?? {};
  const asked = crd.spec.names;
  const taken = others.map(({ status }) => status?.acceptedNames ?? NONE);
  const resources = new Set(
    taken.flatMap(({ plural, singular = '', shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind = '' }) => [kind, listKind]));
  const names = { ...accepted };
  const conflicts: { reason: string; message: string }[] = [];
  const settle = (name: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string>, reason: string) => {
    const message = conflictOf(asked[name] ?? '', accepted[name] ?? '', used);
    if (message !== undefined) conflicts.push({ reason, message });
    else if (asked[name] !== undefined) names[name] = asked[name];
  };
  settle('plural', resources, 'PluralConflict');
  settle('singular', resources, 'SingularConflict');
  const short = shortNameConflict(asked.shortNames ?? [], accepted.shortNames ?? [], resources);
  if (short !== undefined) conflicts.push({ reason: 'ShortNamesConflict', message: short });
  else setOrDrop(names, 'shortNames', asked.shortNames);
  settle('kind', kinds, 'KindConflict');
  settle('listKind', kinds, 'ListKindConflict');
  setOrDrop(names, 'categories', asked.categories);
  // As upstream: of several conflicts the last is told of.
  const conflict = conflicts.at(-1);
  const namesAccepted: Condition = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  return { acceptedNames: names, namesAccepted, established: establishedOf(crd, conflict === undefined) };
}

function setOrDrop(names: V1CustomResourceDefinitionNames, field: 'shortNames' | 'categories', value?: string[]): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}

function conflictOf(asked: string, accepted: string, used: ReadonlySet<string>): string | undefined {
  return asked === accepted || !used.has(asked) ? undefined : `${JSON.stringify(asked)} is already in use`;
}

function shortNameConflict(asked: string[], accepted: string[], used: ReadonlySet<string>): string | undefined {
  if (isDeepStrictEqual(asked, accepted)) return undefined;
  const messages = asked.filter((name) => !accepted.includes(name)).flatMap((name) => conflictOf(name, '', used) ?? []);
  if (messages.length === 0) return undefined;
  return messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`;
}

/** Once established a definition stays so. */
function establishedOf(crd: Crd, namesAccepted: boolean): Condition {
  const old = findCondition(crd, 'Established');
  if (old?.status === 'True') return old;
  if (!namesAccepted)
    return (
      old ?? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
    );
  return {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  };
}
