import assert from 'node:assert/strict';
import { authenticate, bearer, bearerTokens, parseTokenFile, review, type TokenAuthenticator } from './authenticate.ts';

const ALICE = { name: 'alice', groups: ['dev'] };
const fixed = bearerTokens(new Map([['secret', ALICE]]), ['api']);
const failing: TokenAuthenticator = async (token) => {
  if (token === 'old') throw new Error('Token has expired.');
  return token === 'late' ? { user: { name: 'bob', groups: [] }, audiences: ['api'] } : undefined;
};
const authenticators = [bearer([fixed, failing])];
const as = (authorization: string | undefined) => authenticate(authenticators, { authorization, socket: undefined });

describe('authenticate', () => {
  it('knows a token and adds the group of the authenticated', async () => {
    assert.deepEqual(await as('Bearer secret'), { name: 'alice', groups: ['dev', 'system:authenticated'] });
  });

  it('asks further authenticators for tokens that the first does not know', async () => {
    assert.equal((await as('Bearer late')).name, 'bob');
  });

  for (const authorization of [undefined, '', 'Bearer wrong', 'Bearer old', 'Bearer ', 'Basic YTpi', 'secret']) {
    it(`answers 401 to ${JSON.stringify(authorization)}`, async () => {
      await assert.rejects(as(authorization), { code: 401, reason: 'Unauthorized' });
    });
  }
});

describe('review', () => {
  it('says whose a token is and for whom', async () => {
    assert.deepEqual(await review([fixed, failing], 'secret', ['api', 'other']), {
      user: { name: 'alice', groups: ['dev', 'system:authenticated'] },
      audiences: ['api'],
    });
  });

  it('knows nobody by a token that is meant for others', async () => {
    assert.equal(await review([fixed], 'secret', ['other']), undefined);
  });

  it('says what is wrong with a token', async () => {
    await assert.rejects(review([fixed, failing], 'old', []), { message: 'Token has expired.' });
  });
});

describe('parseTokenFile', () => {
  it('reads tokens with and without groups, as upstream', () => {
    const parsed = parseTokenFile('# comment\nt1,admin,1,"system:masters,dev"\nt2,bob,2\n\n');
    assert.deepEqual(parsed.get('t1'), { name: 'admin', uid: '1', groups: ['system:masters', 'dev'] });
    assert.deepEqual(parsed.get('t2'), { name: 'bob', uid: '2', groups: [] });
  });

  it('names the line that it cannot read', () => {
    assert.throws(() => parseTokenFile('t1,admin,1\nbroken\n'), /line 2/);
  });
});
