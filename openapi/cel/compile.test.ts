import assert from 'node:assert/strict';
import type { Schema } from '../structural/schema.ts';
import { CelCompileError, CelCompiler, CelEvaluationError, compile } from './compile.ts';
import { DYN, STRING, typeOfSchema } from './types.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    i: { type: 'integer' },
    n: { type: 'number' },
    s: { type: 'string' },
    l: { type: 'array', items: { type: 'integer' } },
    m: { type: 'object', additionalProperties: { type: 'string' } },
    t: { type: 'string', format: 'date-time' },
    d: { type: 'string', format: 'duration' },
    any: { 'x-kubernetes-int-or-string': true },
  },
};
const SELF = {
  i: 5,
  n: 1,
  s: 'abc',
  l: [1, 2, 3],
  m: { k: 'v' },
  t: '2024-01-01T00:00:00Z',
  d: '90m',
  any: '5%',
};
const compiler = () => new CelCompiler({ self: typeOfSchema(SCHEMA, 'selfType'), other: DYN });

describe('CEL expressions', () => {
  const values: [expression: string, value: unknown][] = [
    ['self.i + 1', 6n],
    ['self.n + 1.0', 2],
    ['has(self.s) && self.s.startsWith("a")', true],
    ['self.l.map(x, x * 2).filter(x, x > 2)', [4n, 6n]],
    ['self.l.exists_one(x, x == 2)', true],
    ['self.l.sum() == 6 && self.l.isSorted() && self.l.max() == 3 && self.l.indexOf(2) == 1', true],
    ['"k" in self.m && self.m.k == "v"', true],
    ['self.m[?"x"].orValue("none")', 'none'],
    ['self.t > timestamp("2023-12-31T23:00:00Z") + duration("30m")', true],
    ['self.d == duration("1h30m")', true],
    ['type(self.any) == string ? self.any.endsWith("%") : self.any > 5', true],
    ['self.s.matches("^[[:alpha:]]+\\\\z")', true],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"%s has %d of %.2f".format([self.s, self.i, self.n])', 'abc has 5 of 1.00'],
    ['"a,b,c".split(",").join("-").upperAscii().replace("-", "")', 'ABC'],
    ['quantity("1.5Gi").add(quantity("512Mi")).compareTo(quantity("2Gi"))', 0n],
    ['isQuantity("1x") || !isQuantity("100m")', false],
    ['ip("::ffff").family() == 6 && ip.isCanonical("10.0.0.1") && !isIP("10.0.0.256")', true],
    ['cidr("10.0.0.0/8").containsIP("10.255.0.1") && !cidr("10.0.0.0/8").containsCIDR("10.0.0.0/7")', true],
    ['string(cidr("10.1.2.3/8").masked())', '10.0.0.0/8'],
    ['url("https://[::1]:80/a?b=c&b=d").getHostname() + url("/a").getEscapedPath()', '::1/a'],
    ['url("https://x/?b=c&b=d").getQuery()["b"]', ['c', 'd']],
    ['semver("1.2.3-alpha.1").isLessThan(semver("v1.2.3", true))', true],
    ['sets.contains([1, 2, 3], [3]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
    ['format.dns1123Label().validate("A").hasValue()', true],
    ['cel.bind(x, self.i, x * x)', 25n],
    ['other.a.b[0] + 1', 3n],
  ];
  for (const [expression, value] of values) {
    it(`${expression} is ${String(value)}`, () => {
      const compiled = compiler().compile(expression);
      assert.deepEqual(compiled.evaluate({ self: SELF, other: { a: { b: [2] } } }, { left: 1_000 }), value);
    });
  }

  const wrong: [expression: string, message: string][] = [
    ['self.x', "compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x\n | ....^"],
    ['has(self.x)', "compilation failed: ERROR: <input>:1:9: undefined field 'x'\n | has(self.x)\n | ........^"],
    ['what', "compilation failed: ERROR: <input>:1:1: undeclared reference to 'what' (in container '')\n | what\n | ^"],
    [
      'true &&\n self.i == "x"',
      "compilation failed: ERROR: <input>:2:9: found no matching overload for '_==_' applied to '(int, string)'\n |  self.i == \"x\"\n | ........^",
    ],
    [
      'self.s.sum()',
      "compilation failed: ERROR: <input>:1:1: found no matching overload for 'sum' applied to 'string.()'\n | self.s.sum()\n | ^",
    ],
  ];
  for (const [expression, message] of wrong) {
    it(`${JSON.stringify(expression)} cannot be compiled`, () => {
      assert.throws(
        () => compiler().compile(expression),
        (error) => {
          assert.ok(error instanceof CelCompileError);
          assert.equal(error.message, message);
          return true;
        },
      );
    });
  }

  it('know their type and their variables', () => {
    const compiled = compile('name + "x"', { name: STRING, other: STRING });
    assert.equal(compiled.type, 'string');
    assert.deepEqual([compiled.uses('name'), compiled.uses('other')], [true, false]);
  });

  it('fail where there is nothing', () => {
    const compiled = compiler().compile('self.l[9] == 1');
    assert.throws(() => compiled.evaluate({ self: SELF }, { left: 100 }), /index out of bounds/);
  });

  const costly: [title: string, expression: string][] = [
    ['loops', 'self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))'],
    [
      'lists that double',
      'cel.bind(a, self.l + self.l, cel.bind(b, a + a, cel.bind(c, b + b, (c + c + c + c + c + c).size() > 0)))',
    ],
  ];
  for (const [title, expression] of costly) {
    it(`end when they would cost too much: ${title}`, () => {
      const budget = { left: 5_000 };
      const self = { l: Array.from({ length: 500 }, (_, i) => i) };
      assert.throws(
        () => compiler().compile(expression).evaluate({ self }, budget),
        (error) => error instanceof CelEvaluationError && error.exceeded,
      );
      assert.equal(budget.left, 0);
    });
  }

  it('take from what is left to spend what they cost', () => {
    const budget = { left: 100 };
    compiler().compile('self.i > 1').evaluate({ self: SELF }, budget);
    assert.ok(budget.left < 100 && budget.left > 80);
  });

  it('compare objects by what they say', () => {
    const schema: Schema = { type: 'object', properties: { o: SCHEMA } };
    const type = typeOfSchema(schema, 'object');
    const compiled = new CelCompiler({ a: type, b: type }).compile('a.o == b.o');
    assert.equal(compiled.evaluate({ a: { o: SELF }, b: { o: { ...SELF } } }, { left: 100 }), true);
    assert.equal(compiled.evaluate({ a: { o: SELF }, b: { o: { ...SELF, i: 6 } } }, { left: 100 }), false);
  });
});
