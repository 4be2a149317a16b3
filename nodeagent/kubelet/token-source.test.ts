import assert from 'node:assert/strict';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import type { AuthenticationV1TokenRequest } from '../../openapi/generated/types.ts';
import { forbidden } from '../../openapi/status.ts';
import type { ApiCall, Transport } from '../../openapi/transport.ts';
import { pod } from './fixtures.ts';
import { TokenSource } from './token-source.ts';

const HOUR_MS = 3_600_000;

describe('TokenSource', () => {
  let clock: FakeClock;
  let calls: ApiCall[];
  let refused: Error | undefined;
  let source: TokenSource;

  beforeEach(() => {
    clock = new FakeClock();
    calls = [];
    refused = undefined;
    const transport: Pick<Transport, 'call'> = {
      async call(call) {
        if (refused) throw refused;
        calls.push(call);
        const { spec } = call.body as AuthenticationV1TokenRequest;
        const expiresAt = clock.now() + (spec?.expirationSeconds ?? 0) * 1000;
        const status = { token: `t${calls.length}`, expirationTimestamp: new Date(expiresAt).toISOString() };
        return { spec, status };
      },
    };
    source = new TokenSource({
      client: new Client(transport as Transport),
      clock,
      random: seededRandom(1),
      log: silentLog,
    });
  });

  const ask = async (wanted: { audience?: string; expirationSeconds?: number } = {}, of = pod()) =>
    String(await source.token(of, wanted));

  it("asks for a token of the pod's account, bound to the pod", async () => {
    const of = pod({ serviceAccountName: 'builder' });
    assert.equal(await ask({ audience: 'vault', expirationSeconds: 600 }, of), 't1');
    assert.equal(calls[0]?.path, '/api/v1/namespaces/default/serviceaccounts/builder/token');
    assert.deepEqual((calls[0]?.body as AuthenticationV1TokenRequest | undefined)?.spec, {
      audiences: ['vault'],
      expirationSeconds: 600,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1' },
    });
  });

  const renewals: { title: string; seconds: number; kept: number; renewed: number }[] = [
    { title: 'four fifths of its life', seconds: 3600, kept: HOUR_MS * 0.8 - 11_000, renewed: HOUR_MS * 0.8 + 1 },
    { title: 'a day', seconds: 864_000, kept: 24 * HOUR_MS - 11_000, renewed: 24 * HOUR_MS + 1 },
  ];
  for (const { title, seconds, kept, renewed } of renewals) {
    it(`keeps a token until ${title} are over, and renews it then`, async () => {
      assert.equal(await ask({ expirationSeconds: seconds }), 't1');
      await clock.advance(kept);
      assert.equal(await ask({ expirationSeconds: seconds }), 't1');
      await clock.advance(renewed - kept);
      assert.equal(await ask({ expirationSeconds: seconds }), 't2');
    });
  }

  it('keeps apart what differs in audience, life or pod, and forgets a pod that is gone', async () => {
    assert.equal(await ask(), 't1');
    assert.equal(await ask({ audience: 'vault' }), 't2');
    assert.equal(await ask({ expirationSeconds: 700 }), 't3');
    assert.equal(await ask({}, pod({}, { uid: 'u2' })), 't4');
    assert.equal(await ask(), 't1');
    source.forget('u1');
    assert.equal(await ask(), 't5');
    assert.equal(await ask({}, pod({}, { uid: 'u2' })), 't4');
  });

  it('goes on with an old token that cannot be renewed as long as it is good, and not longer', async () => {
    assert.equal(await ask(), 't1');
    refused = forbidden({ group: '', resource: 'serviceaccounts' }, 'default', 'no');
    await clock.advance(HOUR_MS * 0.9);
    assert.equal(await ask(), 't1');
    await clock.advance(HOUR_MS * 0.2);
    await assert.rejects(ask(), /^Error: token default\/web expired and refresh failed: no$/);
  });

  it('says why there is no token', async () => {
    refused = forbidden({ group: '', resource: 'serviceaccounts' }, 'default', 'no');
    await assert.rejects(ask(), /^Error: failed to fetch token: no$/);
  });
});
