import assert from 'node:assert/strict';
import { judge, type Verdict } from './judge.ts';
import type { FuzzRequest } from './request.ts';

const request = (path: string, method = 'GET'): FuzzRequest => ({ method, path, headers: {}, watch: false });
const answer = (status: number, body: unknown, contentType = 'application/json'): Verdict => ({
  status,
  contentType,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const failure = (code: number) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'because',
  reason: 'Why',
  code,
});
const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] };
const PATH = '/api/v1/namespaces/x/pods';

describe('the judge of fuzzing', () => {
  it('lets proper answers pass', () => {
    assert.equal(judge(request(PATH), answer(200, list)), undefined);
    assert.equal(judge(request(PATH), answer(404, failure(404))), undefined);
    const yaml = 'kind: Status\napiVersion: v1\nstatus: Failure\nmessage: because\nreason: Why\ncode: 404\n';
    assert.equal(judge(request(PATH), answer(404, yaml, 'application/yaml')), undefined);
    assert.equal(judge(request(`${PATH}?resourceVersion=999999`), answer(504, failure(504))), undefined);
    assert.equal(judge(request(`${PATH}/x/log`), answer(502, failure(502))), undefined);
  });

  const caught: [what: string, request: FuzzRequest, answer: Verdict, why: RegExp][] = [
    ['a 500', request(PATH), answer(500, failure(500)), /status 500/],
    ['a 504 nobody asked for', request(PATH), answer(504, failure(504)), /status 504/],
    ['a 500 of a log', request(`${PATH}/x/log`), answer(500, failure(500)), /status 500/],
    ['an error that is no JSON', request(PATH), answer(404, 'not found'), /no application\/json/],
    ['an error in text', request(PATH), answer(404, 'not found', 'text/plain'), /an answer in text\/plain/],
    ['an error without Status', request(PATH), answer(404, { error: 'x' }), /no Status/],
    ['another code', request(PATH), answer(404, failure(400)), /code 400/],
    ['no message', request(PATH), answer(404, { ...failure(404), message: '' }), /without a message/],
    ['no reason', request(PATH), answer(404, { ...failure(404), reason: '' }), /odd reason/],
    ['a slip of the server', request(PATH), answer(400, { ...failure(400), message: 'x is undefined' }), /the inside/],
    ['broken JSON', request(PATH), answer(200, '{"half":'), /no application\/json/],
    ['a body on HEAD', request(PATH, 'HEAD'), answer(404, 'x'), /body on HEAD/],
    ['another kind', { ...request(PATH), kinds: ['Node'] }, answer(200, list), /a PodList, not a Node/],
    [
      'a nameless item',
      { ...request(PATH), kinds: ['PodList'] },
      answer(200, { ...list, items: [{}] }),
      /without a name/,
    ],
    ['a broken frame', request(PATH), { ...answer(200, '{"type":\n'), stream: true }, /cannot be read/],
    ['a frame of no type', request(PATH), { ...answer(200, '{"object":{}}\n'), stream: true }, /event of type/],
  ];
  for (const [what, asked, got, why] of caught) {
    it(`catches ${what}`, () => assert.match(judge(asked, got) ?? 'nothing', why));
  }
});
