import assert from 'node:assert/strict';
import type { V1Pod } from '../../openapi/generated/types.ts';
import { nextAvailableMs } from './pods.ts';

const NOW = Date.UTC(2026, 0, 1, 0, 1);

function pod(status: string, lastTransitionTime?: string): V1Pod {
  return { status: { conditions: [{ type: 'Ready', status, ...(lastTransitionTime ? { lastTransitionTime } : {}) }] } };
}

describe('nextAvailableMs', () => {
  const since = (second: number) => pod('True', `2026-01-01T00:00:${second}Z`);
  for (const [title, pods, minReadySeconds, wanted] of [
    ['nothing where pods need not be ready for a while', [since(59)], 0, undefined],
    ['the first of those that wait', [since(59), since(55), pod('True'), {}], 10, 5000],
    ['nothing for those that are available', [since(50), since(40)], 10, undefined],
    ['nothing for those that are not ready', [pod('False', '2026-01-01T00:00:59Z')], 10, undefined],
  ] as const) {
    it(`gives ${title}`, () => assert.equal(nextAvailableMs(pods, minReadySeconds, NOW), wanted));
  }
});
