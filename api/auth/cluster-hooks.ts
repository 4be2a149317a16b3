/** What else every cluster has beside its policy, stored once the server answers. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { followApiServices } from '../registry/apiregistration/local-apiservices.ts';
import { storeFlowControl } from '../registry/flowcontrol/store-bootstrap.ts';
import type { Registry } from '../registry/registry.ts';
import type { Hook } from './post-start.ts';

export function clusterHooks(registry: Registry, clock: Clock, log: Log): Hook[] {
  return [
    {
      name: 'apiservice-registration-controller',
      run: (signal) => followApiServices(registry, log, signal),
    },
    {
      name: 'priority-and-fairness-config-producer',
      run: async (signal) => {
        await storeFlowControl(registry, clock, signal);
        return undefined;
      },
    },
  ];
}
