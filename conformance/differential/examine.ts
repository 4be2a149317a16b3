/** One case against kubets: what differs from the reference for no reason we know. */
import type { HttpTarget } from '../harness/http.ts';
import { foldAtomic, kindNamed } from './atomic.ts';
import type { DifferentialCase } from './case.ts';
import { compare, type Difference } from './compare.ts';
import { type Exception, exceptionFor, reword, type Wording } from './exceptions.ts';
import { dropNewerFields, type Fields } from './fields.ts';
import type { NormalisedAnswer } from './normalise.ts';
import { runCase } from './run.ts';

/** What the examination of all cases shares. */
export interface Examination {
  kubets: HttpTarget;
  /** Fields of the reference's kinds and of kubets' own. */
  older: Fields;
  newer: Fields;
  /** The exceptions and wordings that were needed. */
  used: { exceptions: Set<Exception>; wordings: Set<Wording> };
}

export interface Finding extends Difference {
  /** The number of the request. */
  request: number;
}

/** Sends the case to kubets and compares with what the reference answered. */
export async function examine(
  { kubets, older, newer, used }: Examination,
  theme: string,
  test: DifferentialCase,
  expected: NormalisedAnswer[],
): Promise<Finding[]> {
  const answers = await runCase(kubets, test, 'newer');
  const olderVersion = (version: string) => test.older?.[version] ?? version;
  const findings: Finding[] = [];
  let kindOfMetadata: string | undefined;
  for (const [request, answer] of answers.entries()) {
    const reference = expected[request];
    if (!reference) throw new Error(`differential: no recorded answer: ${theme}/${test.title} #${request}`);
    const kind = kindNamed(answer.body);
    if (kind !== undefined && kind in newer.kinds) kindOfMetadata = kind;
    const found = compare(
      {
        ...reference,
        headers: reword(reference.headers, used.wordings) as Record<string, string>,
        body: foldAtomic(reword(reference.body, used.wordings), newer, kindOfMetadata),
      },
      {
        ...answer,
        body: foldAtomic(
          dropNewerFields(answer.body, older, newer, olderVersion, kindOfMetadata),
          newer,
          kindOfMetadata,
        ),
      },
    );
    for (const difference of found) {
      const exception = exceptionFor(`${theme}/${test.title} #${request}`, difference);
      if (exception) used.exceptions.add(exception);
      else findings.push({ request, ...difference });
    }
  }
  return findings;
}
