import assert from 'node:assert/strict';
import {
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isHttpHeaderName,
  isIpAddress,
  isLabelValue,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isQualifiedName,
  nameIsDnsSubdomain,
} from './names.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

type Check = (value: string) => string[];

const CASES: [what: string, check: Check, good: string[], bad: [value: string, messages: string[]][]][] = [
  [
    'a label',
    isDns1123Label,
    ['a', '0', 'a-b', 'x'.repeat(63)],
    [
      ['', [LABEL]],
      ['A', [LABEL]],
      ['a.b', ['must not contain dots']],
      ['-a', [LABEL]],
      ['x'.repeat(64), ['must be no more than 63 characters']],
    ],
  ],
  [
    'a subdomain',
    isDns1123Subdomain,
    ['a.b', 'a-b.c'],
    [
      ['a..b', [SUBDOMAIN]],
      ['a_b', [SUBDOMAIN]],
      ['x'.repeat(254), ['must be no more than 253 characters']],
    ],
  ],
  [
    'an older label',
    isDns1035Label,
    ['a1'],
    [
      [
        '1a',
        [
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        ],
      ],
    ],
  ],
  [
    'a qualified name',
    isQualifiedName,
    ['a', 'A.b_c', 'example.com/A'],
    [
      ['', ['name part must be non-empty', PART]],
      ['/a', ['prefix part must be non-empty']],
      ['A/b', [`prefix part ${SUBDOMAIN}`]],
      ['a b', [PART]],
      ['x'.repeat(64), ['name part must be no more than 63 bytes']],
      [`${'x'.repeat(254)}/a`, ['prefix part must be no more than 253 bytes']],
    ],
  ],
  [
    'a label value',
    isLabelValue,
    ['', 'A', 'a.b_c-d'],
    [
      [
        'a b',
        [
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ],
      ],
    ],
  ],
  [
    'a key of a config map',
    isConfigMapKey,
    ['a', '.a', 'A_b-c'],
    [
      ['.', ["must not be '.'"]],
      ['..', ["must not be '..'"]],
      ['..a', ["must not start with '..'"]],
    ],
  ],
  [
    'a variable',
    isEnvVarName,
    ['A', '1', 'a b'],
    [
      ['', ['environment variable name must be non-empty']],
      ['a=b', ["a valid environment variable name must consist only of printable ASCII characters other than '='"]],
      ['ä', ["a valid environment variable name must consist only of printable ASCII characters other than '='"]],
    ],
  ],
  [
    'a header',
    isHttpHeaderName,
    ['X-A'],
    [
      [
        'a b',
        [
          "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
        ],
      ],
    ],
  ],
  [
    'a port name',
    isPortName,
    ['http', 'a1'],
    [
      ['1', ['must contain at least one letter (a-z)']],
      ['a--b', ['must not contain consecutive hyphens']],
      ['-a', ['must not begin or end with a hyphen']],
      [
        'A',
        [
          'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
          'must contain at least one letter (a-z)',
        ],
      ],
      ['sixteencharacter', ['must be no more than 15 characters']],
    ],
  ],
  [
    'a port',
    (value) => isPortNumber(Number(value)),
    ['1', '65535'],
    [
      ['0', ['must be between 1 and 65535, inclusive']],
      ['65536', ['must be between 1 and 65535, inclusive']],
    ],
  ],
  [
    'an address',
    isIpAddress,
    ['1.2.3.4', '::1'],
    [['1.2.3', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']]],
  ],
  [
    'a segment of a path',
    isPathSegmentName,
    ['A b'],
    [
      ['.', ["may not be '.'"]],
      ['a/b%', ["may not contain '/'", "may not contain '%'"]],
    ],
  ],
];

describe('checks of names', () => {
  for (const [what, check, good, bad] of CASES) {
    it(`take what is ${what}`, () => {
      for (const value of good) assert.deepEqual(check(value), [], value);
    });
    it(`tell what is wrong with ${what}`, () => {
      for (const [value, messages] of bad) assert.deepEqual(check(value), messages, value);
    });
  }

  it('let a prefix of a generated name end in a dash', () => {
    assert.deepEqual(nameIsDnsSubdomain('web-', true), []);
    assert.deepEqual(nameIsDnsSubdomain('web-', false), [SUBDOMAIN]);
  });
});
