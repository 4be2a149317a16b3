/** How kubets, which speaks 1.36, may differ from the reference, which speaks 1.20: each with the reason. */
import type { Difference } from './compare.ts';
import { isObject, type Json } from './json.ts';

export interface Exception {
  /** Matches `theme/case title #number path`, with the number of the request from 0. */
  where: RegExp;
  /** What the reference says there, as JSON; anything unless told. */
  reference?: RegExp;
  /** What kubets says there, as JSON; anything unless told. */
  kubets?: RegExp;
  reason: string;
}

/** A text that upstream has changed since; it is replaced in what the reference says. */
export interface Wording {
  from: RegExp;
  to: string;
  reason: string;
}

export const wordings: Wording[] = [
  {
    from: /^the namespace of the object \(.*\) does not match the namespace on the request \(.*\)$/,
    to: 'the namespace of the provided object does not match the namespace sent on the request',
    reason: 'one wording for creations and updates since 1.22',
  },
  {
    from: /"k8s\.io\/kubernetes\/pkg\/api\/legacyscheme\/scheme\.go:30"/,
    to: '"pkg/api/legacyscheme/scheme.go:30"',
    reason: 'the path depends on how the server was built; releases are built with -trimpath',
  },
  {
    from: /^(Ingress|NetworkPolicy)\.extensions /,
    to: '$1.networking.k8s.io ',
    reason: 'both have left the group extensions for good in 1.22',
  },
  {
    from: /map\[string\]string\{((?:"[^"]*":"[^"]*"(?:, )?)*)\}/g,
    to: '{$1}',
    reason: 'values in messages are written as JSON since 1.25, not in Go',
  },
  {
    from: /(?<=Invalid value: )(\[\]\w+|map\[string\]\w+)\(nil\)/g,
    to: 'null',
    reason: 'values in messages are written as JSON since 1.25, not in Go',
  },
  {
    from: /must have at most (\d+) bytes/g,
    to: 'may not be more than $1 bytes',
    reason: 'reworded in 1.32',
  },
];

export const exceptions: Exception[] = [
  {
    where:
      /^(core-(pods|podtemplates)|batch-\w+-\w+)\/.* body\.(items\[0\]\.|rows\[0\]\.object\.)?metadata\.generation$/,
    reference: /^$/,
    kubets: /^\d+$/,
    reason: 'jobs, cron jobs and pod templates have a generation since 1.22, pods since 1.33',
  },
  {
    where: / body\.message$/,
    reference:
      /cannot be handled as a .*(error found in #|readObjectStart|ReadMapCB|ReadString|unmarshalerDecoder|decode )/,
    kubets:
      /cannot be handled as a [^ ]+: (strict decoding error: )?(json: cannot unmarshal|illegal base64|quantities must match|parsing time|unable to parse quantity)/,
    reason: 'another JSON decoder since 1.23, with messages of its own',
  },
  {
    where: /^core-pods\/.*containers?\.seccomp\.security\.alpha\.kubernetes\.io/,
    kubets: /^$/,
    reason: 'the annotations that mirrored seccompProfile are gone since 1.27',
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
    where:
      /^core-namespaces\/.* body\.(items\[0\]\.|rows\[0\]\.object\.)?metadata\.labels(\.kubernetes\.io\/metadata\.name)?$/,
    reference: /^$/,
    kubets: /^("|\{"kubernetes\.io\/metadata\.name":")\{ns\}/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: /an object with everything #0 body\.metadata\.(labels|managedFields.*)$/,
    reason: 'namespaces are labelled with their names since 1.21',
  },
  {
    where: /fieldsV1\.(.*\.)?(f:ownerReferences\.k:\{.*?\}|f:roleRef)\.(\.|f:\w+)$/,
    reference: /^\{\}$/,
    kubets: /^$/,
    reason: 'owner references and references to roles are atomic since 1.21',
  },
  {
    where: /^networking-(ingresses|networkpolicies)\/.* body\.details\.group$/,
    reference: /"extensions"/,
    kubets: /"networking\.k8s\.io"/,
    reason: 'both have left the group extensions for good in 1.22',
  },
  {
    where: / status$/,
    reference: /^"500 Failure: strconv\.ParseUint: parsing/,
    kubets: /^"4/,
    reason: "a resourceVersion that is no number is the client's mistake, not the server's",
  },
  {
    where: /^storage-csidrivers\/.*(requiresRepublish|storageCapacity)$/,
    reference: /^$/,
    reason: 'alpha and beta in 1.20, switched off',
  },
  {
    where: /^core-services\/.*(ipFamilyPolicy|ipFamilies)$/,
    reference: /^$/,
    reason: 'alpha in 1.20, switched off',
  },
  {
    where: /^core-pods\/.*columnDefinitions\.Restarts\.type$/,
    reason: 'the column also tells when since 1.22, so it is text',
  },
  {
    where: /^core-pods\/.*rows\[0\]\.cells\.Restarts$/,
    reason: 'the column also tells when since 1.22, so it is text',
  },
];

/** The reference's answer in today's words; `used` takes the wordings that were needed. */
export function reword(value: Json, used: Set<Wording>): Json {
  if (typeof value === 'string') return rewordText(value, used);
  if (Array.isArray(value)) return value.map((item) => reword(item, used));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reword(inner, used)]));
}

function rewordText(text: string, used: Set<Wording>): string {
  let result = text;
  for (const wording of wordings) {
    const changed = result.replace(wording.from, wording.to);
    if (changed !== result) used.add(wording);
    result = changed;
  }
  return result;
}

/** The exception that allows a difference. */
export function exceptionFor(place: string, difference: Difference): Exception | undefined {
  const text = (value: Json | undefined) => (value === undefined ? '' : JSON.stringify(value));
  return exceptions.find(
    ({ where, reference, kubets }) =>
      where.test(`${place} ${difference.path}`) &&
      (reference?.test(text(difference.reference)) ?? true) &&
      (kubets?.test(text(difference.kubets)) ?? true),
  );
}
