/**
 * What each listed behaviour needs beside an API server, read from behaviour-needs.tsv: a row for each row of
 * behaviours-1.36.tsv. A title may promise less than upstream's test of it waits for: the third column says what.
 */
import { readFileSync } from 'node:fs';

/**
 * `node`: a kubelet that runs pods, or a scheduler; `network`: Services, DNS, packets; `webhook`: a server that is
 * called back; `policy`: admission policies at work; `controllers`: loops that act on objects; `api`: nothing else.
 */
export type Need = 'api' | 'controllers' | 'node' | 'network' | 'webhook' | 'policy';

export interface Behaviour {
  /** Without the closing `[Conformance]`. */
  title: string;
  area: string;
  needs: Need;
}

/** conformance/ in the tree: this file runs from dist/conformance or .build/NAME/conformance. */
const FOLDERS = ['./', '../../conformance/', '../../../conformance/'].map((up) => new URL(up, import.meta.url));

/** Every row of behaviours-1.36.tsv with what it needs. Throws when the two files do not go together. */
export function readBehaviours(): Behaviour[] {
  const needs = new Map(lines('behaviour-needs.tsv').map(([need = '', title = '']) => [title, need as Need]));
  const behaviours = lines('behaviours-1.36.tsv').map(([area = '', , test = '']) => {
    const title = test.replace(/ \[Conformance\]$/, '');
    const need = needs.get(title);
    if (need === undefined) throw new Error(`conformance: behaviour-needs.tsv does not know: ${title}`);
    return { title, area, needs: need };
  });
  if (behaviours.length !== needs.size) throw new Error('conformance: behaviour-needs.tsv has rows of its own');
  return behaviours;
}

/** The rows of a table, without its heading. */
function lines(name: string): string[][] {
  const rows = read(name).trimEnd().split('\n').slice(1);
  return rows.map((line) => line.split('\t'));
}

function read(name: string): string {
  for (const folder of FOLDERS) {
    try {
      return readFileSync(new URL(name, folder), 'utf8');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error(`conformance: ${name} is not where it belongs, in conformance/`);
}
