import assert from 'node:assert/strict';
import { exitCodeAt, initExitCodeAt, scriptOf } from './script.ts';

const of = (annotations: Record<string, string>) =>
  scriptOf(
    Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`simulation.kubets.dev/${key}`, value])),
  );

describe('The script of a simulated pod', () => {
  it('is the same for all pods without annotations of ours', () => {
    assert.equal(scriptOf(undefined), scriptOf({ other: 'x' }));
    assert.deepEqual(scriptOf({}), { exitCodes: [0], initExitCodes: [0], ready: true });
  });

  it('reads every annotation in its unit', () => {
    assert.deepEqual(
      of({
        'start-seconds': '2',
        'run-seconds': '1.5',
        'exit-code': '1,0',
        'init-exit-code': '3',
        'fail-rate': '0.1',
        ready: 'false',
        cpu: '250m',
        memory: '64Mi',
      }),
      {
        startMs: 2000,
        runMs: 1500,
        exitCodes: [1, 0],
        initExitCodes: [3],
        failRate: 0.1,
        ready: false,
        cpuMillis: 250,
        memoryBytes: 64 * 2 ** 20,
      },
    );
  });

  it('takes what it cannot read for absent', () => {
    const unreadable = {
      'run-seconds': 'soon',
      'start-seconds': '-1',
      'exit-code': '1,x',
      'fail-rate': '',
      cpu: 'lots',
    };
    assert.deepEqual(of({ ...unreadable, ready: 'perhaps' }), { exitCodes: [0], initExitCodes: [0], ready: true });
  });

  it('takes no time for longer than a timer can wait', () => {
    assert.ok((of({ 'run-seconds': '1e9' }).runMs ?? 0) < 2 ** 31);
  });

  const exits: { title: string; annotations: Record<string, string>; attempt?: number; draw?: number; code: number }[] =
    [
      { title: '0 when nothing is said', annotations: {}, code: 0 },
      { title: 'the code that is said', annotations: { 'exit-code': '7' }, code: 7 },
      { title: 'the first code at first', annotations: { 'exit-code': '1,0' }, code: 1 },
      { title: 'the second code after a restart', annotations: { 'exit-code': '1,0' }, attempt: 1, code: 0 },
      { title: 'the last code from then on', annotations: { 'exit-code': '1,0' }, attempt: 9, code: 0 },
      { title: 'a failure by rate', annotations: { 'fail-rate': '0.5' }, draw: 0.49, code: 1 },
      { title: 'no failure beyond the rate', annotations: { 'fail-rate': '0.5' }, draw: 0.5, code: 0 },
    ];
  for (const { title, annotations, attempt = 0, draw = 0, code } of exits) {
    it(`has a container exit with ${title}`, () => assert.equal(exitCodeAt(of(annotations), attempt, draw), code));
  }

  it('prefers the code of the completion index, where the list has one', () => {
    const annotations = {
      'simulation.kubets.dev/exit-code': '9',
      'simulation.kubets.dev/exit-code-by-index': '1,0,4',
    };
    const codes = ['0', '1', '2', '3', undefined].map((index) =>
      exitCodeAt(
        scriptOf({ ...annotations, ...(index ? { 'batch.kubernetes.io/job-completion-index': index } : {}) }),
        5,
        0,
      ),
    );
    assert.deepEqual(codes, [1, 0, 4, 9, 9]);
  });

  it('fails at the rate of the node where the pod has none of its own', () => {
    assert.equal(exitCodeAt(of({}), 0, 0.2, 0.3), 1);
    assert.equal(exitCodeAt(of({ 'fail-rate': '0' }), 0, 0.2, 0.3), 0);
  });

  it('gives init containers codes of their own', () => {
    const script = of({ 'exit-code': '1', 'init-exit-code': '2,0' });
    assert.deepEqual([initExitCodeAt(script, 0), initExitCodeAt(script, 1)], [2, 0]);
    assert.equal(initExitCodeAt(of({ 'exit-code': '1' }), 0), 0);
  });
});
