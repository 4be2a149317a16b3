/** Values that a field's type allows, most of them ones that its name suggests. */
import type { WireType } from '../../openapi/wire-schema.ts';
import type { Dice } from './dice.ts';
import type { Json, JsonObject } from './json.ts';
import { enumOf, structOf } from './schema.ts';
import { tameValues } from './tame-fields.ts';

/** Structs this deep have no optional fields any more. */
const DEPTH_MAX = 7;

const NAMES = ['fz-1', 'fz-2', 'main', 'web', 'example.com', 'key'];

/** By field name. A list field gives the values of its items. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  apiVersion: ['v1', 'apps/v1', 'example.com/v1'],
  apiGroup: ['', 'apps', 'rbac.authorization.k8s.io', 'storage.k8s.io'],
  kind: ['Pod', 'ConfigMap', 'Deployment', 'User', 'Group', 'ServiceAccount', 'PersistentVolumeClaim'],
  version: ['v1', 'v1beta1'],
  verbs: ['get', 'list', '*'],
  resources: ['pods', 'nothings', 'deployments/scale'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  operator: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Equal'],
  path: ['/x', '/etc/hosts', 'a/b', '..', '/healthz'],
  mountPath: ['/data', '/data/x', 'relative', '/a:b'],
  subPath: ['a', '../a', '/a'],
  fieldPath: ['metadata.name', 'spec.nodeName', "metadata.labels['app']", 'metadata.nothing'],
  ip: ['10.1.2.3', 'fd00::1', '127.0.0.1', '224.0.0.1'],
  podIP: ['10.1.2.3', 'fd00::1'],
  hostIP: ['10.1.2.3', ''],
  clusterIP: ['None', '', '10.96.9.9', '10.0.0.300'],
  clusterIPs: ['None', '10.96.9.10'],
  externalIPs: ['198.51.100.7', '127.0.0.1'],
  addresses: ['10.1.2.3', '10.1.2.4'],
  cidr: ['10.0.0.0/8', '10.1.2.0/24', 'fd00::/64'],
  except: ['10.1.0.0/16', '11.0.0.0/8'],
  podCIDR: ['10.244.9.0/24', '10.244.9.1/24'],
  podCIDRs: ['10.244.9.0/24', 'fd00::/64'],
  loadBalancerSourceRanges: ['10.0.0.0/8', '10.0.0.0'],
  host: ['web.example.com', '*.example.com', '10.1.2.3'],
  hosts: ['web.example.com', '*.example.com'],
  hostname: ['web', 'web-1'],
  externalName: ['web.example.com', 'web.example.com.'],
  protocol: ['TCP', 'UDP', 'SCTP'],
  addressType: ['IPv4', 'IPv6', 'FQDN'],
  pathType: ['Prefix', 'Exact', 'ImplementationSpecific'],
  schedule: ['0 0 1 1 *', '@yearly', 'TZ=UTC 0 0 * * *', '*/61 * * * *', '0 0 31 2 *'],
  timeZone: ['Etc/UTC', 'Europe/Berlin', 'Local', 'Nowhere/Else', '../etc'],
  expression: ['true', 'object.spec.size > 1', '1', '(', 'size("a") == 1', 'device.driver == "x"', 'Object{}'],
  rule: ['true', 'self == oldSelf', 'self.size > 1', 'self.all(x, x > 1)', '(', 'self.matches("(a+)+$")'],
  messageExpression: ['"no"', '1', '"a" + string(1)'],
  jsonPath: ['.spec.size', '.spec[0]', '.', 'spec', '.spec.x[*].y', '{.spec}'],
  pattern: ['^a*$', '(', '(a+)+$', '\\p{L}', '(?<n>a)', '[a-'],
  type: ['object', 'string', 'Normal', 'Ready', 'Opaque', 'Pod', 'Container', 'Resource', 'Service', 'ClusterIP'],
  format: ['int32', 'date-time', 'byte', 'ipv4', 'nothing'],
  status: ['True', 'False', 'Unknown'],
  scope: ['Namespaced', 'Cluster', 'Cluster'],
  reason: ['Tested', 'NotReady'],
  'x-kubernetes-list-type': ['set', 'map', 'atomic'],
  'x-kubernetes-map-type': ['granular', 'atomic'],
  finalizers: ['example.com/hold', 'kubernetes'],
  signerName: ['example.com/conformance'],
  request: ['Zm9v'],
  usages: ['client auth', 'digital signature', 'nothing'],
  uid: ['00000000-0000-4000-8000-000000000001'],
  resourceVersion: ['1', '0'],
  generateName: ['fz-', 'fz-a-'],
  timestamp: ['2026-01-02T03:04:05Z'],
  nonResourceURLs: ['/nothing', '/x/*', '*'],
  topologyKey: ['kubernetes.io/hostname', 'zone'],
  whenUnsatisfiable: ['DoNotSchedule', 'ScheduleAnyway'],
  policyTypes: ['Ingress', 'Egress'],
  volumeLifecycleModes: ['Persistent', 'Ephemeral'],
  preemptionPolicy: ['Never', 'PreemptLowerPriority'],
  fsGroupPolicy: ['File', 'None', 'ReadWriteOnceWithFSType'],
  color: ['red', 'green', 'blue'],
  address: ['10.1.2.3'],
  url: ['https://127.0.0.1:1/none', 'http://x', 'https://u:p@x/?a#b'],
  labelSelectorPath: ['.status.selector', '.spec.x'],
  specReplicasPath: ['.spec.replicas', '.metadata.x'],
  statusReplicasPath: ['.status.replicas', 'status'],
};

const QUANTITIES = ['1', '100m', '1Gi', '0', '500', '1.5', '2e3', '128Mi', '5n', '1k'];
export const WHEN = [
  '2026-01-02T03:04:05Z',
  '2001-01-02T03:04:05Z',
  '2026-01-02T03:04:05+02:00',
  '1970-01-01T00:00:00Z',
];
const KEYS = [
  'app',
  'key',
  'example.com/x',
  'cpu',
  'memory',
  'storage',
  'kubernetes.io/hostname',
  'pods',
  'ephemeral-storage',
];
const BASE64 = ['dmFsdWU=', '', 'AP8=', 'eyJhIjoxfQ=='];

/** Where a field is: its definition decides the enum, its name the rest. */
export interface Place {
  id: string;
  field: string;
  depth: number;
}

/** A value of the type, right as far as its type and name tell. */
export function rightValue(dice: Dice, type: WireType, place: Place): Json {
  const tame = tameValues(place.field);
  if (tame) return tame[0] ?? null;
  switch (type.kind) {
    case 'ref':
      return rightStruct(dice, type.ref, place.depth + 1);
    case 'array':
      return Array.from({ length: 1 + dice.below(2) }, () => rightValue(dice, type.items, place));
    case 'map':
      return rightMap(dice, type.values, place);
    default:
      return rightScalar(dice, type.kind, place);
  }
}

function rightMap(dice: Dice, values: WireType, place: Place): Json {
  const map: JsonObject = {};
  for (let i = dice.below(3); i > 0; i--) map[dice.pick(KEYS)] = rightValue(dice, values, place);
  return map;
}

function rightScalar(dice: Dice, kind: Exclude<WireType['kind'], 'ref' | 'array' | 'map'>, place: Place): Json {
  switch (kind) {
    case 'string':
      return dice.pick(enumOf(place.id, place.field) ?? textsFor(place.field));
    case 'boolean':
      return dice.chance(0.5);
    case 'int32':
    case 'int64':
      return /port/i.test(place.field) ? 1 + dice.below(65_535) : dice.below(11);
    case 'number':
      return dice.below(100) / 4;
    case 'quantity':
      return dice.pick(QUANTITIES);
    case 'intOrString':
      return dice.pick<Json>([1, 8080, '25%', 'http', '100%', 0]);
    case 'time':
      return dice.pick(WHEN);
    case 'microTime':
      return dice.pick(WHEN).replace(/(?=Z|\+)/, '.000006');
    case 'byte':
      return dice.pick(BASE64);
    default:
      return dice.pick<Json>([{ a: 'b' }, true, 'x', 1, { spec: { some: ['thing'] } }, { type: 'string' }]);
  }
}

function textsFor(field: string): readonly string[] {
  return Object.hasOwn(TEXTS, field) ? (TEXTS[field] ?? NAMES) : NAMES;
}

/** A whole struct: what Go always writes, and some of the rest. */
export function rightStruct(dice: Dice, id: string, depth: number): JsonObject {
  const struct = structOf(id);
  const object: JsonObject = {};
  if (!struct || depth > DEPTH_MAX + 3) return object;
  // Two or three more, fewer the deeper it is: a PodSpec has room for forty.
  const more = depth > DEPTH_MAX ? 0 : Math.min(0.8, 2.5 / (struct.names.length * (1 + depth / 3)));
  for (const field of struct.names) {
    const type = struct.fields.get(field);
    if (!type || (!dice.chance(more) && !needed(struct.always.has(field), type, depth))) continue;
    // Server-side apply has what is managed for itself.
    if (field === 'managedFields') continue;
    object[field] = rightValue(dice, type, { id, field, depth });
  }
  if (struct.fields.has('schedulerName')) object.schedulerName = 'conformance-nobody';
  return object;
}

function needed(always: boolean, type: WireType, depth: number): boolean {
  return always && (type.kind !== 'ref' || depth < 3);
}
