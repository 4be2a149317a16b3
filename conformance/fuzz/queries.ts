/** Query parameters and headers, each right most of the time. */
import type { Dice } from './dice.ts';

const QUERIES: Readonly<Record<string, readonly string[]>> = {
  labelSelector: [
    'app',
    '!app',
    'app=fz-1',
    'app in (fz-1,fz-2)',
    'app notin (a),!b,c!=d,e',
    'a===b',
    '%00',
    '%ff',
    'a b',
    '(',
    'a in ()',
    'x'.repeat(300),
    'app>1',
    'app>99999999999999999999',
    'é=ü',
    ','.repeat(300),
  ],
  fieldSelector: [
    'metadata.name=fz-1',
    'metadata.name!=fz-1',
    'metadata.name=fz-1,metadata.name=fz-2',
    'metadata.namespace=x',
    'status.phase=Pending',
    'spec.nodeName=',
    'spec.color=red',
    'nothing=x',
    '=',
    'a=b=c',
    'metadata.name\\=x',
    'metadata.name=\\',
  ],
  limit: ['1', '5', '500', '0', '-1', 'x', '9223372036854775807', '9223372036854775808', '1.5', ''],
  continue: [
    'x',
    '',
    'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ',
    'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0',
    '%00',
    '!',
  ],
  resourceVersion: [
    '0',
    '1',
    '5',
    'x',
    '-1',
    '00',
    '9223372036854775807',
    '18446744073709551615',
    '18446744073709551616',
    '',
  ],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'Nonsense', ''],
  dryRun: ['All', 'None', '', 'all'],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'Nonsense', ''],
  fieldManager: ['fuzz', '', 'x'.repeat(128), 'x'.repeat(129), '\u0001', 'ü'],
  force: ['true', 'false', 'x', ''],
  gracePeriodSeconds: ['0', '1', '-1', 'x', '9223372036854775807', '9223372036854775808'],
  propagationPolicy: ['Orphan', 'Background', 'Foreground', 'x', ''],
  orphanDependents: ['true', 'false', 'x'],
  pretty: ['true', 'x', ''],
  includeObject: ['None', 'Object', 'Metadata', 'x'],
  timeoutSeconds: ['1', '0', '-1', 'x', '9223372036854775807', '9223372036854775808'],
  timeout: ['1s', '0', '-1s', 'x', '99999h', '1000000000h', '1.5s'],
  allowWatchBookmarks: ['true', 'x'],
  sendInitialEvents: ['true', 'false', 'x'],
  watch: ['true', '1', 'false', 'x', ''],
};
const NAMES = Object.keys(QUERIES);

export function queryFor(dice: Dice): string {
  const parameters: string[] = [];
  for (let i = 1 + dice.below(3); i > 0; i--) parameters.push(parameter(dice, dice.pick(NAMES)));
  if (dice.chance(0.05))
    parameters.push(dice.pick(['&&', '=', 'a', '%zz=1', 'a=b=c', `big=${'x'.repeat(4000)}`, ';a=b']));
  return `?${parameters.join('&')}`;
}

function parameter(dice: Dice, name: string): string {
  const value = dice.pick(QUERIES[name] ?? ['']);
  return `${name}=${value.startsWith('%') ? value : encodeURIComponent(value)}`;
}

/** What a watch is asked with. */
export function watchQuery(dice: Dice): string {
  const usual = [
    'watch=true',
    'watch=1&allowWatchBookmarks=true',
    'watch=true&resourceVersion=0',
    'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    'watch=true&sendInitialEvents=true&resourceVersion=0&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    'watch=true&timeoutSeconds=1',
  ];
  const more = dice.chance(0.3) ? `&${parameter(dice, dice.pick(NAMES))}` : '';
  return `?${dice.pick(usual)}${more}`;
}

/** What server-side apply is asked with. */
export function applyQuery(dice: Dice): string {
  const manager = dice.chance(0.9) ? `fieldManager=fuzz-${dice.below(3)}` : parameter(dice, 'fieldManager');
  return `?${manager}${dice.chance(0.5) ? '&force=true' : ''}${dice.chance(0.1) ? `&${parameter(dice, dice.pick(NAMES))}` : ''}`;
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const META = 'g=meta.k8s.io';
const PROPER_ACCEPTS = [
  PROTOBUF,
  PROTOBUF,
  `${PROTOBUF},application/json`,
  `application/json;as=Table;v=v1;${META},application/json`,
  `application/json;as=Table;v=v1beta1;${META},application/json`,
  `application/json;as=PartialObjectMetadata;v=v1;${META}`,
  `application/json;as=PartialObjectMetadataList;v=v1;${META},application/json`,
  `application/json;as=PartialObjectMetadataList;v=v1beta1;${META},application/json`,
  `${PROTOBUF};as=PartialObjectMetadata;v=v1;${META},application/json`,
  `${PROTOBUF};as=PartialObjectMetadataList;v=v1beta1;${META}`,
  `${PROTOBUF};as=Table;v=v1;${META},application/json`,
  'application/yaml',
  `application/yaml;as=Table;v=v1;${META}`,
  '*/*',
  'application/*',
];
const DISCOVERY_ACCEPTS = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  `${PROTOBUF};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json`,
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
];
const ODD_ACCEPTS = [
  `application/json;as=Table;v=v9;${META}`,
  'application/json;as=Nothing;v=v1;g=x',
  'text/html',
  'nonsense',
  '',
  'application/json;q=0.1, */*;q=x',
  'application/json;stream=watch',
  `${PROTOBUF};stream=watch`,
  ','.repeat(500),
  'application/cbor',
];

export function headersFor(dice: Dice): Record<string, string> {
  const headers: Record<string, string> = {};
  if (dice.chance(0.25)) headers.accept = dice.pick(PROPER_ACCEPTS);
  else if (dice.chance(0.03)) headers.accept = dice.pick(ODD_ACCEPTS);
  else if (dice.chance(0.01)) headers.accept = dice.pick(DISCOVERY_ACCEPTS);
  if (dice.chance(0.02)) headers['if-none-match'] = dice.pick(['"x"', '*', 'x', '']);
  if (dice.chance(0.06))
    headers['accept-encoding'] = dice.pick(['gzip', 'gzip', 'gzip, br', 'br', 'identity', '*', 'x']);
  if (dice.chance(0.01)) headers['user-agent'] = 'x'.repeat(dice.below(3000));
  return headers;
}
