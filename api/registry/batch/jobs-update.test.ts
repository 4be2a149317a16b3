import assert from 'node:assert/strict';
import type { V1Job } from '../../../openapi/generated/types.ts';
import { created, updated } from '../test-support.ts';

const pod = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] };
const indexed = { completionMode: 'Indexed', completions: 3 };
const policy = {
  podFailurePolicy: { rules: [{ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }] },
};

/** A new job; the store has given it its uid by the time it is prepared. */
function fresh(spec: object = {}): V1Job {
  const job = created<V1Job>('Job', { metadata: { name: 'a', uid: 'u' }, spec: { template: { spec: pod }, ...spec } });
  Object.assign(job.metadata ?? {}, { uid: 'u' });
  return job;
}

describe('updates of jobs', () => {
  const update = (old: V1Job, change: (job: V1Job) => void) => updated<V1Job>('Job', old, change);
  const unique = (errors: string[]) => [...new Set(errors)];
  const set = (spec: object) => (job: V1Job) => Object.assign(job.spec ?? {}, spec);

  const cases: [what: string, old: object, change: object, error: RegExp | undefined][] = [
    ['how many pods at a time', {}, { parallelism: 5 }, undefined],
    ['whether it waits', {}, { suspend: true }, undefined],
    ['how often it tries', {}, { backoffLimit: 5 }, undefined],
    ['how many pods complete it', {}, { completions: 5 }, /^spec\.completions: Invalid value: 5: field is immutable$/],
    ['its indexes with its pods', indexed, { completions: 5, parallelism: 5 }, undefined],
    ['its indexes alone', indexed, { completions: 5 }, /can only be modified in tandem with spec\.parallelism$/],
    ['its mode', { completions: 1 }, { completionMode: 'Indexed' }, /^spec\.completionMode: .* field is immutable$/],
    ['its manager', {}, { managedBy: 'a.io/b' }, /^spec\.managedBy: Invalid value: "a.io\/b": field is immutable$/],
    ['its rules of failure', policy, { podFailurePolicy: undefined }, /^spec\.podFailurePolicy: Invalid value: "null"/],
    [
      'its limit for each index',
      { ...indexed, backoffLimitPerIndex: 1 },
      { backoffLimitPerIndex: 0 },
      /^spec\.backoffLimitPerIndex: Invalid value: 0: field is immutable$/,
    ],
    [
      'its rules of success',
      indexed,
      { successPolicy: { rules: [{ succeededCount: 1 }] } },
      /^spec\.successPolicy: Invalid value: \{"Rules":\[\{"SucceededIndexes":null,"SucceededCount":1\}\]\}: field is immutable$/,
    ],
  ];
  for (const [what, old, change, error] of cases) {
    it(`${error ? 'may not' : 'may'} change ${what}`, () => {
      const [found, ...more] = unique(update(fresh(old), set(change)).errors);
      assert.deepEqual(more, []);
      if (error) assert.match(found ?? '', error);
      else assert.equal(found, undefined);
    });
  }

  const newTemplate = (change: (spec: Record<string, unknown>) => void) => (job: V1Job) => {
    change((job.spec?.template.spec ?? {}) as unknown as Record<string, unknown>);
  };
  const resources = newTemplate((spec) => {
    spec.containers = [{ ...pod.containers[0], resources: { requests: { cpu: '1' } } }];
  });
  const directives = (job: V1Job) => {
    newTemplate((spec) => {
      spec.nodeSelector = { a: 'b' };
      spec.tolerations = [{ key: 'a', operator: 'Exists' }];
      spec.affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
    })(job);
    Object.assign(job.spec?.template.metadata ?? {}, { annotations: { a: 'b' } });
  };
  const image = newTemplate((spec) => {
    spec.containers = [{ name: 'c', image: 'other' }];
  });
  const startTime = '2026-01-01T00:00:00Z';
  const suspended = { conditions: [{ type: 'Suspended', status: 'True' }], startTime };
  const templates: [what: string, suspend: boolean, status: object, change: (job: V1Job) => void, field?: string][] = [
    ['directives of a job that runs', false, {}, directives, 'spec.template'],
    ['directives of a job that has not begun', true, {}, directives],
    ['resources of a job that has not begun', true, {}, resources],
    ['images of a job that has not begun', true, {}, image, 'spec.template.spec'],
    ['resources of a job that was interrupted', true, suspended, resources],
    ['resources of a job whose pods still end', true, { ...suspended, active: 1 }, resources, 'spec.template'],
    ['resources of a job that is about to be interrupted', true, { startTime }, resources, 'spec.template'],
  ];
  for (const [what, suspend, status, change, field] of templates) {
    it(`${field ? 'may not' : 'may'} change ${what}`, () => {
      const { errors } = update({ ...fresh({ suspend }), status }, change);
      assert.deepEqual(
        errors.map((error) => error.replace(/: Invalid value: .*: /s, ': ')),
        field ? [`${field}: field is immutable`] : [],
      );
    });
  }

  it('say twice what is wrong with the spec, as upstream', () => {
    assert.equal(update(fresh(), set({ backoffLimit: -1 })).errors.length, 2);
  });
});
