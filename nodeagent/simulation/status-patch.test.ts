import assert from 'node:assert/strict';
import type { V1PodStatus } from '../../openapi/generated/types.ts';
import { statusPatch } from './status-patch.ts';

describe('The patch of a pod’s status', () => {
  const cases: { title: string; from: V1PodStatus; to: V1PodStatus; patch: object }[] = [
    { title: 'is empty where nothing differs', from: { phase: 'Running' }, to: { phase: 'Running' }, patch: {} },
    {
      title: 'says what is new and what is gone',
      from: { phase: 'Pending', reason: 'x' },
      to: { phase: 'Running' },
      patch: { phase: 'Running', reason: null },
    },
    {
      title: 'names only conditions that have changed, and what they have no more',
      from: {
        conditions: [
          { type: 'Theirs', status: 'True' },
          { type: 'Ready', status: 'False', reason: 'ContainersNotReady' },
        ],
      },
      to: {
        conditions: [
          { type: 'Theirs', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
      },
      patch: { conditions: [{ type: 'Ready', status: 'True', reason: null }] },
    },
    {
      title: 'takes an address out that is no more',
      from: { podIPs: [{ ip: '1.1.1.1' }] },
      to: { podIPs: [{ ip: '2.2.2.2' }] },
      patch: { podIPs: [{ ip: '2.2.2.2' }, { $patch: 'delete', ip: '1.1.1.1' }] },
    },
    {
      title: 'replaces the containers as a whole',
      from: { containerStatuses: [status('a', 0)] },
      to: { containerStatuses: [status('a', 1)] },
      patch: { containerStatuses: [status('a', 1)] },
    },
  ];
  for (const { title, from, to, patch } of cases) {
    it(title, () => assert.deepEqual(statusPatch(from, to), patch));
  }
});

function status(name: string, restartCount: number) {
  return { name, restartCount, image: '', imageID: '', ready: true };
}
