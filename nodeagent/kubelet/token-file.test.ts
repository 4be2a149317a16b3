import assert from 'node:assert/strict';
import type { V1PodSpec } from '../../openapi/generated/types.ts';
import { container, pod } from './fixtures.ts';
import { tokenFile } from './token-file.ts';

describe('tokenFile', () => {
  const content = Buffer.from('token');
  const as = (name: string, runAsUser?: number) =>
    container(name, runAsUser === undefined ? {} : { securityContext: { runAsUser } });
  const cases: { title: string; spec: Partial<V1PodSpec>; uid: number | undefined }[] = [
    { title: 'a pod that says nothing', spec: {}, uid: undefined },
    { title: 'a pod of one user', spec: { securityContext: { runAsUser: 1000 } }, uid: 1000 },
    { title: 'a pod of root', spec: { securityContext: { runAsUser: 0 } }, uid: 0 },
    { title: 'containers that agree', spec: { containers: [as('a', 7), as('b', 7)] }, uid: 7 },
    { title: 'containers that differ', spec: { containers: [as('a', 7), as('b', 8)] }, uid: undefined },
    { title: 'a container that says nothing', spec: { containers: [as('a', 7), as('b')] }, uid: undefined },
    {
      title: 'an init container of another user',
      spec: { securityContext: { runAsUser: 7 }, initContainers: [as('i', 9)] },
      uid: undefined,
    },
    { title: 'a pod with fsGroup only', spec: { securityContext: { fsGroup: 5 } }, uid: undefined },
  ];
  for (const { title, spec, uid } of cases) {
    it(`gives ${title} ${uid === undefined ? 'the default mode' : `a file that only user ${uid} can read`}`, () => {
      const expected = uid === undefined ? { content, mode: 0o644 } : { content, mode: 0o600, uid };
      assert.deepEqual(tokenFile(pod(spec), content, 0o644, true), expected);
    });
  }

  it('gives no file away where the kubelet is not root', () => {
    const of = pod({ securityContext: { runAsUser: 1000 } });
    assert.deepEqual(tokenFile(of, content, 0o644, false), { content, mode: 0o644 });
  });
});
