import assert from 'node:assert/strict';
import { nodeEvents } from './node-events.ts';
import { node } from './testing/objects.ts';

describe('what of a node’s change matters to pods that wait', () => {
  const taints = [{ key: 'k', effect: 'NoSchedule' }];
  const cases = [
    {
      title: 'nothing, for a heartbeat',
      after: { ...node('n'), metadata: { ...node('n').metadata, resourceVersion: '9' } },
      events: [],
    },
    { title: 'its size', after: node('n', { allocatable: { cpu: '8' } }), events: ['NodeAllocatable'] },
    { title: 'its labels', after: node('n', { labels: { a: 'b' } }), events: ['NodeLabel'] },
    { title: 'its taints', after: node('n', { taints }), events: ['NodeTaint'] },
    { title: 'cordoning', after: node('n', { unschedulable: true }), events: ['NodeUnschedulable'] },
  ];
  for (const { title, after, events } of cases) {
    it(title, () => assert.deepEqual(nodeEvents(node('n'), after), events));
  }
});
