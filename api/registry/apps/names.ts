/** What names of controllers are used for. */
import { isDns1123Label } from '../validation/names.ts';

/** A warning for a new object whose name is no DNS label, though its pods' names and hostnames begin with it. */
export function nameWarnings(name: string): string[] {
  const messages = isDns1123Label(name);
  if (messages.length === 0) return [];
  const text =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${text}: [${messages.join(' ')}]`];
}
