import assert from 'node:assert/strict';
import { authenticate, bearerTokens, parseTokenFile } from './authenticate.ts';

const ALICE = { name: 'alice', groups: ['dev'] };
const tokens = bearerTokens(new Map([['secret', ALICE]]));

describe('authenticate', () => {
  it('knows a token and adds the group of the authenticated', () => {
    const user = authenticate([tokens], { authorization: 'Bearer secret', socket: undefined });
    assert.deepEqual(user, { name: 'alice', groups: ['dev', 'system:authenticated'] });
  });

  for (const authorization of [undefined, '', 'Bearer wrong', 'Bearer ', 'Basic YTpi', 'secret']) {
    it(`answers 401 to ${JSON.stringify(authorization)}`, () => {
      assert.throws(() => authenticate([tokens], { authorization, socket: undefined }), {
        code: 401,
        reason: 'Unauthorized',
      });
    });
  }
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
