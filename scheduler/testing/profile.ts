/** The default profile over fakes, for tests of decisions. */
import { systemClock } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { Client } from '../../client/client.ts';
import type { Labels } from '../../openapi/selectors.ts';
import type { KubeSchedulerConfiguration } from '../configuration.ts';
import { DEFAULT_SCHEDULER } from '../configuration.ts';
import type { PluginHandle } from '../plugins/registry.ts';
import { makeProfiles, type SchedulingProfile } from '../profile.ts';
import { VolumeBinder } from '../volumes/binder.ts';
import { FakeApi } from './fake-api.ts';
import { volumeListers } from './volumes.ts';

export function handleFor(overrides: Partial<PluginHandle> = {}): PluginHandle {
  const client = new Client(new FakeApi());
  return {
    client,
    random: seededRandom(1),
    namespaceLabels: (): Labels => undefined,
    siblings: () => [],
    budgets: () => [],
    executor: { isPreempting: () => false, execute: async () => undefined },
    podExists: () => true,
    binder: new VolumeBinder({
      client,
      clock: systemClock,
      signal: new AbortController().signal,
      listers: volumeListers({}),
      node: () => undefined,
      onChange: () => () => undefined,
    }),
    ...overrides,
  };
}

/** The profile for the default scheduler. */
export function profileFor(
  overrides: Partial<PluginHandle> = {},
  configuration: KubeSchedulerConfiguration = {},
): SchedulingProfile {
  const profile = makeProfiles(configuration, handleFor(overrides)).get(DEFAULT_SCHEDULER);
  if (!profile) throw new Error('the configuration has no default scheduler');
  return profile;
}
