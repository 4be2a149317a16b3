/** Which tokens a kubelet gets. */
import assert from 'node:assert/strict';
import type { AuthenticationV1TokenRequest, V1BoundObjectReference, V1Pod } from '../../openapi/generated/types.ts';
import { isStatus } from '../../openapi/status.ts';
import type { UserInfo } from '../http/request.ts';
import { ADMIN, startServer } from '../server.fixture.ts';
import type { ApiServer } from '../server.ts';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const PODS = '/api/v1/namespaces/default/pods';
const NODE: UserInfo = { name: 'system:node:n1', groups: ['system:nodes'] };

describe('a request for a token', () => {
  let server: ApiServer;
  let uid = '';

  before(async () => {
    server = await startServer();
    const admin = server.direct(ADMIN);
    await admin.call({ method: 'POST', path: ACCOUNTS, body: { metadata: { name: 'builder' } } });
    const spec = { nodeName: 'n1', serviceAccountName: 'builder', containers: [{ name: 'c', image: 'i' }] };
    const here = { metadata: { name: 'here' }, spec };
    const pod = (await admin.call({ method: 'POST', path: PODS, body: here })) as V1Pod;
    uid = pod.metadata?.uid ?? '';
  });
  after(() => server.stop());

  const ask = async (user: UserInfo, boundObjectRef?: V1BoundObjectReference): Promise<string> => {
    const spec = { audiences: [], ...(boundObjectRef ? { boundObjectRef } : {}) };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const call = { method: 'POST' as const, path: `${ACCOUNTS}/builder/token`, body };
    try {
      const answer = (await server.direct(user).call(call)) as AuthenticationV1TokenRequest;
      return answer.status?.token ? 'a token' : 'nothing';
    } catch (error) {
      if (!isStatus(error)) throw error;
      return error.message;
    }
  };
  const bound = (more: Partial<V1BoundObjectReference> = {}) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', name: 'here', uid },
    ...more,
  });
  const forbidden = (why: string) => `serviceaccounts "builder" is forbidden: ${why}`;

  const unbound = forbidden('node requested token not bound to a pod');
  const cases: { title: string; ref?: () => V1BoundObjectReference; user?: UserInfo; answer: string }[] = [
    { title: 'a kubelet for a pod on its node', ref: () => bound(), answer: 'a token' },
    { title: 'an administrator for no pod', user: ADMIN, answer: 'a token' },
    { title: 'a kubelet for no pod', answer: unbound },
    { title: 'a kubelet for a node', ref: () => ({ apiVersion: 'v1', kind: 'Node', name: 'n1' }), answer: unbound },
    {
      title: 'a kubelet for a pod without a uid',
      ref: () => bound({ uid: '' }),
      answer: forbidden('node requested token with a pod binding without a uid'),
    },
    {
      title: 'a kubelet for an earlier pod of that name',
      ref: () => bound({ uid: 'old' }),
      answer: forbidden(
        'the UID in the bound object reference (old) does not match the UID in record. The object might have been deleted and then recreated',
      ),
    },
    {
      title: 'a kubelet for a pod that is not there',
      ref: () => bound({ name: 'gone' }),
      answer: 'pods "gone" not found',
    },
    {
      title: 'the kubelet of another node',
      user: { ...NODE, name: 'system:node:n2' },
      ref: () => bound(),
      answer: forbidden('node requested token bound to a pod scheduled on a different node'),
    },
  ];
  for (const { title, ref, user = NODE, answer } of cases) {
    it(`by ${title}`, async () => assert.equal(await ask(user, ref?.()), answer));
  }
});
