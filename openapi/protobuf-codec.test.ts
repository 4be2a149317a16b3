import assert from 'node:assert/strict';
import { ProtobufWriter } from './protobuf.ts';
import { decodeProtobuf, decodeTyped, encodeProtobuf } from './protobuf-codec.ts';

/** Objects as client-go 1.36 writes them, in JSON and in protobuf (hex, without the leading `k8s\0`). */
const RECORDED: [string, string][] = [
  [
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"immutable":false,"data":{"a":"","b":"é"},"binaryData":{"x":"AP8="}}',
    '0a0f0a0276311209436f6e6669674d6170122e0a110a016112001a0022002a0032003800420012050a0161120012070a01621202c3a91a070a0178120200ff20001a002200',
  ],
  [
    '{"kind":"Service","apiVersion":"v1","metadata":{"name":"s","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"ports":[{"port":80,"targetPort":"web"},{"port":81,"targetPort":8081}],"selector":{"app":"web"}},"status":{"loadBalancer":{}}}',
    '0a0d0a02763112075365727669636512650a190a017312001a0022002a0032003800420808a5ebdcca06100012440a130a00120018502209080110001a0377656228000a110a00120018512207080010913f1a002800120a0a0361707012037765621a0022003a00420052005a00600068001a020a001a002200',
  ],
  [
    '{"kind":"ReplicationController","apiVersion":"v1","metadata":{"name":"r"},"spec":{"replicas":0,"selector":{"a":"b"}},"status":{"replicas":0}}',
    '0a1b0a02763112155265706c69636174696f6e436f6e74726f6c6c6572122d0a110a017212001a0022002a00320038004200120c080012060a016112016220001a0a080010001800200028001a002200',
  ],
  [
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","deletionGracePeriodSeconds":0},"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1500m"}},"livenessProbe":{"exec":{"command":["x",""]}},"securityContext":{"privileged":false,"runAsUser":0}}],"ephemeralContainers":[{"name":"e","resources":{}}]},"status":{}}',
    '0a090a0276311203506f6412bb010a130a017012001a0022002a003200380042005000128e010a090a0176120412020a0012450a01631201692a0042100a0e0a0363707512070a05313530306d52130a070a050a01780a00100018002000280030006a0072007a0410002000800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c2010092021d0a190a016512002a0042006a007200800100880100900100a2010012001a130a001a0022002a0032004a005a0072008801001a002200',
  ],
  [
    '{"kind":"Event","apiVersion":"v1","metadata":{"name":"e","managedFields":[{"manager":"m","fieldsV1":{"f:x":{}}}]},"involvedObject":{},"source":{},"firstTimestamp":"1969-12-31T23:59:59Z","lastTimestamp":null,"count":-1,"eventTime":"2026-01-02T03:04:05.000007Z","reportingComponent":"","reportingInstance":""}',
    '0a0b0a02763112054576656e7412780a2d0a016512001a0022002a003200380042008a01190a016d12001a0032003a0c0a0a7b22663a78223a7b7d7d4200120e0a0012001a0022002a0032003a001a0022002a040a001200320d08ffffffffffffffffff0110003a0040ffffffffffffffffff014a00520908a5ebdcca0610d836620072007a001a002200',
  ],
  [
    '{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0,"preconditions":{"uid":"u"},"propagationPolicy":"Background","dryRun":["All"]}',
    '0a180a07617070732f7631120d44656c6574654f7074696f6e731218080012030a0175220a4261636b67726f756e642a03416c6c1a002200',
  ],
  [
    '{"kind":"ControllerRevision","apiVersion":"apps/v1","metadata":{"name":"r"},"data":{"a":[1,"x",null]},"revision":9007199254740991}',
    '0a1d0a07617070732f76311212436f6e74726f6c6c65725265766973696f6e12320a110a017212001a0022002a0032003800420012140a127b2261223a5b312c2278222c6e756c6c5d7d18ffffffffffffff0f1a002200',
  ],
  [
    '{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"token":"t"},"status":{"authenticated":true,"user":{"extra":{"a":["x","y"]}}}}',
    '0a270a1861757468656e7469636174696f6e2e6b38732e696f2f7631120b546f6b656e52657669657712300a100a0012001a0022002a0032003800420012030a01741a17080112110a001200220b0a016112060a01780a01791a001a002200',
  ],
  [
    '{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{},"spec":{"group":"g","names":{"plural":"","kind":""},"scope":"","versions":[{"name":"v1","served":false,"storage":false,"schema":{"openAPIV3Schema":{"default":{"a":1},"enum":[1,"a"],"items":{"type":"x","minimum":1.5},"additionalProperties":false,"additionalItems":{"type":"y"}}}}]},"status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},"storedVersions":null}}',
    '0a330a17617069657874656e73696f6e732e6b38732e696f2f76311218437573746f6d5265736f75726365446566696e6974696f6e12d6010a100a0012001a0022002a0032003800420012b3010a01671a080a00120022002a0022003a9f010a027631100018002292010a8f010a00120022002a0032003a0042090a077b2261223a317d500060007a00900100a201030a0131a201050a03226122c2012a0a280a00120022002a017832003a00500059000000000000f83f60007a00900100a80200b80200c00200f2010208008a02230801121f0a00120022002a017932003a00500060007a00900100a80200b80200c00200a80200b80200c00200380050001a0c12080a00120022002a0020001a002200',
  ],
];

const PREFIX = Buffer.from('k8s\0');

/** The value of a `ConfigMap` whose message is these bytes. */
function configMap(...hex: string[]): unknown {
  return decodeTyped('io.k8s.api.core.v1.ConfigMap', { apiVersion: '', kind: '' }, Buffer.from(hex.join(''), 'hex'));
}

function hexOf(write: (writer: ProtobufWriter) => void): string {
  const writer = new ProtobufWriter();
  write(writer);
  return writer.finish().toString('hex');
}

describe('protobuf', () => {
  for (const [json, hex] of RECORDED) {
    const value = JSON.parse(json) as { apiVersion: string; kind: string };

    it(`reads a ${value.kind} as the JSON that Go writes for it`, () => {
      const decoded = decodeProtobuf(Buffer.concat([PREFIX, Buffer.from(hex, 'hex')]));
      assert.deepEqual(decoded, { apiVersion: value.apiVersion, kind: value.kind, value });
      assert.equal(JSON.stringify(decoded.value), json, 'the order of fields is that of Go');
    });

    it(`writes a ${value.kind} byte for byte as Go does`, () => {
      assert.equal(encodeProtobuf(value).subarray(PREFIX.length).toString('hex'), hex);
    });

    it(`refuses a ${value.kind} that ends early, wherever it ends`, () => {
      const whole = Buffer.concat([PREFIX, Buffer.from(hex, 'hex')]);
      const withoutTail = whole.length - '1a002200'.length / 2;
      for (let length = 0; length < withoutTail; length++) {
        const cut = whole.subarray(0, length);
        if (length === PREFIX.length + 2 + (whole[PREFIX.length + 1] ?? 0)) continue; // An object of zeros.
        assert.throws(() => decodeProtobuf(cut), { name: 'ProtobufError' }, `${length} bytes`);
      }
    });
  }

  it('leaves out what JSON leaves out, and keeps a zero behind a pointer', () => {
    const replicas = (hex: string) =>
      (
        decodeTyped(
          'io.k8s.api.core.v1.ReplicationController',
          { apiVersion: 'v1', kind: 'x' },
          Buffer.from(hex, 'hex'),
        ) as {
          spec: unknown;
        }
      ).spec;
    assert.deepEqual(replicas('12020800'), { replicas: 0 });
    assert.deepEqual(replicas('12022000'), {}, 'minReadySeconds is no pointer');
  });

  it('takes the last of a value that comes twice, and both halves of a message', () => {
    assert.deepEqual(configMap('0a030a0161', '0a030a0162', '0a032a0175'), { metadata: { name: 'b', uid: 'u' } });
  });

  it('passes over unknown fields of every wire type', () => {
    const unknown = 'a00601' + 'a1060000000000000000' + 'a20602ffff' + 'a50600000000';
    assert.deepEqual(configMap(unknown, '0a030a0161'), { metadata: { name: 'a' } });
    assert.deepEqual(configMap('a306a00601a306a406a406', '0a030a0161'), { metadata: { name: 'a' } });
    assert.throws(() => configMap('a306a306a406'), { message: 'unexpected EOF' });
  });

  it('reads a text that is no UTF-8 as JSON would show it', () => {
    assert.deepEqual(configMap('0a050a0361ff62'), { metadata: { name: 'a\ufffdb' } });
  });

  it('reads repeated numbers packed and one by one', () => {
    const PORTS = 'io.k8s.api.core.v1.LinuxContainerUser';
    const typeMeta = { apiVersion: '', kind: '' };
    for (const hex of ['1a03010203', '180118021803']) {
      const value = decodeTyped(PORTS, typeMeta, Buffer.from(hex, 'hex')) as { supplementalGroups: number[] };
      assert.deepEqual(value.supplementalGroups, [1, 2, 3]);
    }
  });

  it('reads whole numbers as JSON.parse does', () => {
    const generation = (hex: string) =>
      (
        configMap(`0a${(hex.length / 2 + 1).toString(16).padStart(2, '0')}38${hex}`) as {
          metadata: { generation: number };
        }
      ).metadata.generation;
    assert.equal(generation('ffffffffffffffff7f'), JSON.parse('9223372036854775807'));
    assert.equal(generation('80808080808080808001'), JSON.parse('-9223372036854775808'));
    assert.equal(generation('ffffffffffffffffff01'), -1);
    assert.equal(generation('8180808080808010'), JSON.parse('9007199254740993'));
    assert.equal(generation('ac02'), 300);
  });

  it('writes the largest int64, which JSON.parse rounds up', () => {
    const bytes = encodeProtobuf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { generation: 2 ** 63 } });
    assert.ok(bytes.includes(Buffer.from('38ffffffffffffffff7f', 'hex')));
  });

  it('keeps a label called __proto__ as a label', () => {
    const entry = hexOf((writer) => writer.message(2, (data) => data.string(1, '__proto__').string(2, 'x')));
    const { data } = configMap(entry) as { data: object };
    assert.deepEqual(Object.entries(data), [['__proto__', 'x']]);
  });

  it('reads an enveloped object within raw bytes', () => {
    const inner = encodeProtobuf({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'n' } });
    const raw = hexOf((list) => list.message(2, (item) => item.bytes(1, inner)));
    const value = decodeTyped('io.k8s.api.core.v1.List', { apiVersion: 'v1', kind: 'List' }, Buffer.from(raw, 'hex'));
    assert.deepEqual((value as { items: unknown[] }).items[0], decodeProtobuf(inner).value);
  });

  const MALFORMED: [string, string, string][] = [
    ['a varint that never ends', 'ffffffffffffffffffffff', 'proto: integer overflow'],
    ['a negative length', '0affffffffffffffffff01', 'proto: negative length found during unmarshaling'],
    ['a length beyond the end', '0affffff7f', 'unexpected EOF'],
    ['a length of four gigabytes and more', '0affffffffff01', 'unexpected EOF'],
    ['field number zero', '0000', 'proto: ConfigMap: illegal tag 0 (wire type 0)'],
    ['the end of a group', '0c', 'proto: ConfigMap: wiretype end group for non-group'],
    ['an unknown wire type', 'a706', 'proto: illegal wireType 7'],
    ['a message that is a number', '0801', 'proto: wrong wireType = 0 for field ObjectMeta'],
    [
      'a year without text',
      '0a09420708ffffffffff7f',
      'proto: time of 4398046511103 seconds since 1970 is outside the years 1 to 9999',
    ],
  ];
  for (const [what, hex, message] of MALFORMED) {
    it(`refuses ${what}`, () => assert.throws(() => configMap(hex), { name: 'ProtobufError', message }));
  }

  it('refuses a quantity, a raw value or a union that Go cannot read', () => {
    const read = (kind: string, hex: string) => () =>
      decodeTyped(`io.k8s.api.${kind}`, { apiVersion: '', kind: '' }, Buffer.from(hex, 'hex'));
    assert.throws(read('core.v1.ResourceFieldSelector', '1a030a0178'), /quantities must match/);
    assert.throws(read('apps.v1.ControllerRevision', '12030a017b'), { name: 'ProtobufError', message: /^json: / });
    assert.throws(read('core.v1.TCPSocketAction', '0a020802'), /impossible IntOrString.Type/);
  });

  it('refuses what is nested without end', () => {
    let schema: object = {};
    for (let i = 0; i < 300; i++) schema = { not: schema };
    const version = { name: 'v', served: true, storage: true, schema: { openAPIV3Schema: schema } };
    const bytes = encodeProtobuf({
      kind: 'CustomResourceDefinition',
      apiVersion: 'apiextensions.k8s.io/v1',
      spec: { versions: [version] },
    });
    assert.throws(() => decodeProtobuf(bytes), { name: 'ProtobufError', message: 'exceeded max depth' });
  });

  it('refuses megabytes of empty messages, which JSON would blow up', () => {
    const owners = Buffer.alloc(1_000_000);
    for (let i = 0; i < owners.length; i += 2) owners[i] = 0x6a;
    const bytes = hexOf((writer) => writer.bytes(1, owners));
    assert.throws(() => configMap(bytes), { name: 'ProtobufError', message: 'proto: too many empty messages' });
  });

  it('refuses to write values of another type', () => {
    const write = (object: object) => () => encodeProtobuf({ kind: 'Pod', apiVersion: 'v1', ...object });
    assert.throws(write({ metadata: { name: 1 } }), /encode protobuf: name is number, not a string/);
    assert.throws(write({ spec: { containers: {} } }), /containers is object, not a list/);
    assert.throws(write({ spec: { priority: 1.5 } }), /priority is number, not an integer/);
    assert.throws(write({ kind: 'Nothing' }), /no message for kind Nothing in v1/);
  });
});
