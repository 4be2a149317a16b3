/** The reference's answers as files, so that the test needs no reference: a file a theme, a line an answer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Change, changesBetween, withChanges } from './delta.ts';
import type { Fields } from './fields.ts';
import type { Json } from './json.ts';
import type { NormalisedAnswer } from './normalise.ts';

/** Case title → answers. */
export type Recording = Record<string, NormalisedAnswer[]>;

/**
 * An answer as it is written: its status; the number of an earlier answer of the file and what changes in that one's
 * body, or -1 and the body itself; the changes of the usual headers. What is empty at the end is left out.
 */
type Entry = [status: number, as: number, body?: Change[] | Json, headers?: Change[]];

const USUAL_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' };

/** conformance/differential/recorded/ in the tree: this file runs from dist/ or .build/NAME/ as well. */
const FOLDERS = ['./', '../../../conformance/differential/', '../../../../conformance/differential/'].map(
  (up) => new URL(`${up}recorded/`, import.meta.url),
);

/** The recorded answers of a theme; undefined if there are none. A line is a case's title or an answer. */
export function readRecording(theme: string): Recording | undefined {
  const lines = read(`${theme}.jsonl`);
  if (lines === undefined) return undefined;
  const earlier: NormalisedAnswer[] = [];
  const recording: Recording = {};
  let answers: NormalisedAnswer[] = [];
  for (const line of lines as (string | Entry)[]) {
    if (typeof line === 'string') {
      answers = [];
      recording[line] = answers;
    } else {
      answers.push(unpack(line, earlier));
    }
  }
  return recording;
}

/** The fields of the reference's kinds, as recorded: the kinds, then a definition a line. */
export function readFields(): Fields {
  const lines = read('fields.jsonl');
  if (lines === undefined) throw new Error('differential: recorded/fields.jsonl is missing: run record.js');
  const [kinds = {}, ...definitions] = lines;
  const types = Object.fromEntries(definitions as [string, Fields['definitions'][string]][]);
  return { kinds, definitions: types, atomic: [] } as Fields;
}

/** Writes into the source tree, for whoever runs record.js in it: `folder` is conformance/differential/recorded. */
export function writeRecording(folder: string, theme: string, recording: Recording): void {
  const earlier: NormalisedAnswer[] = [];
  const lines = Object.entries(recording).flatMap(([title, answers]) => [
    title,
    ...answers.map((answer) => pack(answer, earlier)),
  ]);
  write(folder, theme, lines);
}

export function writeFields(folder: string, { kinds, definitions }: Fields): void {
  write(folder, 'fields', [kinds, ...Object.entries(definitions)]);
}

function write(folder: string, name: string, lines: unknown[]): void {
  writeFileSync(`${folder}/${name}.jsonl`, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

/** The entry of an answer, which then is an earlier one itself. */
function pack({ status, headers, body }: NormalisedAnswer, earlier: NormalisedAnswer[]): Entry {
  const [as, content] = packBody(body, earlier);
  const changes = changesBetween(USUAL_HEADERS, headers);
  earlier.push({ status, headers, body });
  if (changes.length > 0) return [status, as, content, changes];
  return as >= 0 && (content as Change[]).length === 0 ? [status, as] : [status, as, content];
}

/** The shortest way to say it. */
function packBody(body: Json, earlier: NormalisedAnswer[]): [as: number, content: Change[] | Json] {
  let best: [number, Change[] | Json] = [-1, body];
  let shortest = JSON.stringify(body).length;
  for (const [as, { body: before }] of earlier.entries()) {
    const changes = changesBetween(before, body);
    const length = JSON.stringify(changes).length;
    if (length < shortest) [best, shortest] = [[as, changes], length];
  }
  return best;
}

function unpack([status, as, content, headers = []]: Entry, earlier: NormalisedAnswer[]): NormalisedAnswer {
  const answer = {
    status,
    headers: withChanges(USUAL_HEADERS, headers) as Record<string, string>,
    body: as < 0 ? (content as Json) : withChanges(earlier[as]?.body ?? null, (content ?? []) as Change[]),
  };
  earlier.push(answer);
  return answer;
}

/** The lines of a recorded file; undefined if there is none. */
function read(name: string): unknown[] | undefined {
  for (const folder of FOLDERS) {
    try {
      const text = readFileSync(new URL(name, folder), 'utf8');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return undefined;
}
