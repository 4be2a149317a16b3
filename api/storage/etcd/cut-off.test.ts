/** Three members of etcd on a network of their own, where links fail as they do between machines. Needs root. */

import { systemClock } from '../../../base/clock.ts';
import { TestEtcd } from './etcd.fixture.ts';
import { openEtcd } from './etcd.ts';
import { Load } from './load.fixture.ts';
import { TestNetwork } from './network.fixture.ts';

describe('etcd of three members, each in a network namespace', () => {
  it('loses nothing when members are cut off and killed under load', async function () {
    // A call to somebody who is cut off takes its 5 s to fail.
    this.timeout(90_000);
    const network = await TestNetwork.start(3);
    try {
      await onNetwork(network);
    } finally {
      await network.stop();
    }
  });
});

async function onNetwork(network: TestNetwork): Promise<void> {
  const etcd = await TestEtcd.start({ members: 3, network });
  const storage = await openEtcd({ servers: etcd.servers, clock: systemClock });
  try {
    const load = await Load.on(storage);
    for (const member of [0, 1, 2]) {
      await load.grows(60);
      await network.cutOff(member);
      await load.grows(60);
      await network.cutOff(member, false);
    }
    await load.grows(60);
    // Of the two that stay one is all but cut off: for a while there is no majority.
    await etcd.kill(0);
    await network.cutOff(1);
    await systemClock.sleep(1_000);
    await network.cutOff(1, false);
    await load.grows(60);
    await etcd.restart(0);
    await load.grows(60);
    await load.check();
  } finally {
    await storage.close();
    await etcd.stop();
  }
}
