import assert from 'node:assert/strict';
import type { V1LabelSelector, V1PodDisruptionBudget } from '../../../openapi/generated/types.ts';
import { created, declarationOf, errorsOf, updated } from '../test-support.ts';

const LABEL = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';
const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
const COUNTS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

const fresh = (spec: object = { minAvailable: 1, selector: {} }) =>
  created<V1PodDisruptionBudget>('PodDisruptionBudget', { metadata: { name: 'a' }, spec, status: { expectedPods: 4 } });

describe('pod disruption budgets', () => {
  it('begin with a status of zeros, counted from one', () => {
    const { metadata, spec, status } = fresh();
    assert.deepEqual(status, COUNTS);
    assert.equal(metadata?.generation, 1);
    assert.deepEqual(spec, { minAvailable: 1, selector: {} });
  });

  it('count changes of the spec, and keep spec and status apart', () => {
    const old = fresh();
    const change = (object: V1PodDisruptionBudget) =>
      Object.assign(object, { spec: { minAvailable: 2 }, status: { ...COUNTS, expectedPods: 3 } });
    const main = updated('PodDisruptionBudget', old, change);
    assert.deepEqual(
      [main.object.metadata?.generation, main.object.spec, main.object.status],
      [2, { minAvailable: 2 }, COUNTS],
    );
    const status = updated('PodDisruptionBudget', old, change, 'status');
    assert.deepEqual(
      [status.object.metadata?.generation, status.object.spec, status.object.status?.expectedPods],
      [1, old.spec, 3],
    );
  });

  it('must name the version that they replace', () => {
    assert.equal(declarationOf('PodDisruptionBudget').strategy.unconditionalUpdate, false);
  });

  it('are shown with their limits', () => {
    const { columns } = declarationOf('PodDisruptionBudget');
    const cells = (object: object) => columns.slice(1, 4).map(({ value }) => value(object, 0));
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions', 'Age'],
    );
    assert.deepEqual(cells({ spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } }), ['50%', 'N/A', 2]);
    assert.deepEqual(cells({ spec: { maxUnavailable: 0 } }), ['N/A', '0', 0]);
  });

  const refused: [title: string, spec: object, ...errors: string[]][] = [
    [
      'with both limits',
      { minAvailable: 1, maxUnavailable: '5%' },
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"5%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
    [
      'with less than nothing',
      { minAvailable: -1 },
      'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'with a text that is no percentage',
      { maxUnavailable: '5x' },
      `spec.maxUnavailable: Invalid value: "5x": ${PERCENT}`,
    ],
    [
      'with more than all',
      { minAvailable: '101%' },
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'with an unknown policy',
      { unhealthyPodEvictionPolicy: 'Never' },
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
    [
      'with a selector that is none',
      { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
  ];
  for (const [title, spec, ...errors] of refused) {
    it(`are refused ${title}`, () => {
      assert.deepEqual(errorsOf('PodDisruptionBudget', { metadata: { name: 'a' }, spec }), errors);
    });
  }

  it('may have any name that fits in a path', () => {
    assert.deepEqual(errorsOf('PodDisruptionBudget', { metadata: { name: 'Not_Valid' }, spec: {} }), []);
    assert.deepEqual(errorsOf('PodDisruptionBudget', { metadata: { name: 'a/b' }, spec: {} }), [
      `metadata.name: Invalid value: "a/b": may not contain '/'`,
    ]);
  });

  it('refuse a status that cannot be', () => {
    const condition = { type: 'A', status: 'Maybe', reason: '-', message: '', lastTransitionTime: '' };
    const { errors } = updated(
      'PodDisruptionBudget',
      fresh(),
      (object) =>
        Object.assign(object, { status: { ...COUNTS, disruptionsAllowed: -1, conditions: [condition, condition] } }),
      'status',
    );
    const reason = errors.find((error) => error.startsWith('status.conditions[0].reason'));
    assert.match(reason ?? '', /^status\.conditions\[0\]\.reason: Invalid value: "-": a condition reason must start/);
    assert.deepEqual(
      errors.filter((error) => !error.includes('reason')),
      [
        'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        'status.conditions[0].lastTransitionTime: Required value: must be set',
        'status.conditions[1].type: Duplicate value: "A"',
        'status.conditions[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        'status.conditions[1].lastTransitionTime: Required value: must be set',
        'status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0',
      ],
    );
  });
});

describe('pod disruption budgets of v1beta1', () => {
  const [served] = declarationOf('PodDisruptionBudget').alsoServed ?? [];
  const only = (operator: string): V1LabelSelector => ({ matchExpressions: [{ key: LABEL, operator }] });
  const through = (direction: 'fromStored' | 'toStored', selector: V1LabelSelector | undefined) => {
    const budget: V1PodDisruptionBudget = { spec: structuredClone({ ...(selector ? { selector } : {}) }) };
    served?.[direction]?.(budget);
    return budget.spec?.selector;
  };

  const cases: { title: string; old: V1LabelSelector | undefined; stored: V1LabelSelector | undefined }[] = [
    { title: 'an empty selector, which selects nothing there', old: {}, stored: only('Exists') },
    { title: 'a selector of all, which an empty one does in v1', old: only('DoesNotExist'), stored: {} },
    { title: 'no selector', old: undefined, stored: undefined },
    { title: 'any other selector', old: { matchLabels: { a: 'b' } }, stored: { matchLabels: { a: 'b' } } },
  ];
  for (const { title, old, stored } of cases) {
    it(`mean the same in v1: ${title}`, () => {
      assert.deepEqual(through('toStored', old), stored);
      assert.deepEqual(through('fromStored', stored), old);
    });
  }

  it('and those of v1 do not mix the label with others', () => {
    const mixed = { matchLabels: { a: 'b' }, ...only('Exists') };
    assert.deepEqual(fresh({ selector: mixed }).spec?.selector, { matchLabels: { a: 'b' } });
    assert.deepEqual(fresh({ selector: only('DoesNotExist') }).spec?.selector, {});
    assert.deepEqual(fresh({ selector: only('Exists') }).spec?.selector, only('Exists'));
    assert.deepEqual(through('fromStored', mixed), { matchLabels: { a: 'b' } });
  });

  it('are deprecated in upstream’s words', () => {
    assert.equal(
      served?.deprecation,
      'policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget',
    );
  });
});
