/** What differs for every kind. */
import type { Exception } from '../exceptions.ts';
import { sameButForGoValues } from '../values.ts';

export const generalExceptions: Exception[] = [
  {
    where: / body\.(message|details\.causes\[\d+\]\.message)$/,
    same: sameButForGoValues,
    reason: 'values in messages are written as JSON since 1.25, not in Go',
  },
  {
    where: / body\.(message|details\.causes\[\d+\]\.message)$/,
    reference: /\\n {2}core\.\w+\{/,
    same: (reference, kubets) =>
      reference.split(/\n {2}core\./)[0]?.replace(/^.*\[/, '') === kubets.split('\n')[0]?.replace(/^.*\[/, ''),
    reason: 'the difference of two Go structures, which the message ends with, is for who knows them',
  },
  {
    where: / body\.message$/,
    reference:
      /cannot be handled as a .*(error found in |readObjectStart|ReadMapCB|ReadString|unmarshalerDecoder|decode )/,
    kubets:
      /cannot be handled as a [^ ]+: (strict decoding error: )?(json: cannot unmarshal|illegal base64|quantities must match|parsing time|unable to parse quantity)/,
    reason: 'another JSON decoder since 1.23, with messages of its own',
  },
  {
    where: / body\.(message|details\.causes\[0\]\.message)$/,
    reference: /^"( \\"\\" is invalid: patch: )?Invalid value: \\"\{.*error found in \{context\}"$/,
    kubets:
      /^"( \\"\\" is invalid: patch: )?Invalid value: \\"\{.*\}\\": (json: cannot unmarshal|quantities must match|parsing time) /,
    reason: 'the same for what a patch makes of an object, which the message quotes',
  },
  {
    where: /metadata\.creationTimestamp$/,
    reference: /^null$/,
    kubets: /^$/,
    reason: 'metadata without a creationTimestamp says nothing of it since 1.34',
  },
  {
    where: / headers\.warning$/,
    reference: /is deprecated in v1\.\d+\+, unavailable in v1\.\d+\+/,
    kubets: /^$/,
    reason: '1.20 is asked for the beta version of the kind, as it has no other',
  },
  {
    where: / headers\.warning$/,
    reference: /^$/,
    kubets: /^"299 - \\"(unknown|duplicate) field /,
    reason: 'fields that are unknown or there twice are warned of since 1.25',
  },
  {
    where: /an object with everything #0 body\.metadata\.(labels|managedFields.*)$/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: / status$/,
    reference: /^"500 /,
    kubets: /^"4\d\d /,
    reason: "1.20 answers 500 to what is the client's mistake",
  },
  {
    where: / status$/,
    reference: /^"0"$/,
    kubets: /^"[24]\d\d/,
    reason: '1.20 panics here and hangs up',
  },
];
