/** SchedulingGates: a pod with gates is not looked at until the last one has been taken away. */
import type { V1Pod } from '../../openapi/generated/types.ts';
import type { Plugin } from '../framework.ts';

export function isGated(pod: V1Pod): boolean {
  return (pod.spec?.schedulingGates?.length ?? 0) > 0;
}

export function schedulingGates(): Plugin {
  return {
    name: 'SchedulingGates',
    preEnqueue({ pod }) {
      if (!isGated(pod)) return undefined;
      const gates = pod.spec?.schedulingGates?.map(({ name }) => name).join(' ');
      return {
        plugin: 'SchedulingGates',
        reasons: [`waiting for scheduling gates: [${gates}]`],
        resolvable: false,
      };
    },
  };
}
