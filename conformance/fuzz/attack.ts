/** Requests at sentinels that must not succeed, or not do anything. */
import { damage } from './damage.ts';
import type { Dice } from './dice.ts';
import { JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH } from './patches.ts';
import type { FuzzRequest, Universe } from './request.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

function send(method: string, path: string, headers: Record<string, string>, body?: object | string): FuzzRequest {
  const bytes = body === undefined ? {} : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
  return { method, path, headers, watch: false, ...bytes };
}

export function attack(dice: Dice, { sentinels }: Universe): FuzzRequest {
  const { collection, name } = dice.pick(sentinels);
  const path = `${collection}/${name}`;
  const stale = { metadata: { name, resourceVersion: '1', labels: { stolen: 'yes' } } };
  switch (dice.below(10)) {
    case 0:
      return send('PUT', path, JSON_TYPE, stale);
    case 1:
      return send('PATCH', path, { 'content-type': dice.pick([MERGE_PATCH, STRATEGIC_PATCH]) }, stale);
    case 2:
      return send('DELETE', path, JSON_TYPE, { preconditions: { uid: 'wrong' } });
    case 3:
      return send('DELETE', `${path}?dryRun=All`, {});
    case 4:
      return send('POST', collection, JSON_TYPE, { metadata: { name } });
    case 5:
      return send('PUT', path, JSON_TYPE, damage('{"metadata":{', dice).toString('latin1'));
    case 6:
      return send('PATCH', path, { 'content-type': JSON_PATCH }, [
        { op: 'remove', path: '/metadata/uid' },
        { op: 'test', path: '/metadata/name', value: 'not this' },
      ]);
    case 7:
      return send(
        'PATCH',
        `${path}?dryRun=All`,
        { 'content-type': MERGE_PATCH },
        { metadata: { labels: { dry: 'yes' } } },
      );
    case 8:
      return send('DELETE', path, JSON_TYPE, { preconditions: { resourceVersion: '1' } });
    default:
      return send('DELETE', `${collection}?dryRun=All`, {});
  }
}
