/** What else every cluster has beside its policy, stored once the server answers. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { followApiServices } from '../registry/apiregistration/local-apiservices.ts';
import { storeFlowControl } from '../registry/flowcontrol/store-bootstrap.ts';
import type { Registry } from '../registry/registry.ts';
import { systemPriorityClasses } from '../registry/scheduling/priorityclasses.ts';
import { ensureStored, type Hook } from './post-start.ts';

export function clusterHooks(registry: Registry, clock: Clock, log: Log): Hook[] {
  return [
    {
      name: 'scheduling/bootstrap-system-priority-classes',
      run: async (signal) => {
        const store = registry.store('scheduling.k8s.io', 'v1', 'priorityclasses');
        for (const each of systemPriorityClasses()) if (!signal.aborted) await ensureStored(store, each);
        return undefined;
      },
    },
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
