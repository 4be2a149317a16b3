/** NodePorts: a host port is given to one pod of a node. */
import { always } from '../events.ts';
import type { Plugin, Rejection } from '../framework.ts';
import { podInfoOf, portsConflict } from '../node-info.ts';

const REJECTION: Rejection = {
  plugin: 'NodePorts',
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  resolvable: true,
};

export function nodePorts(): Plugin {
  return {
    name: 'NodePorts',
    events: {
      NodeAdd: always,
      AssignedPodDelete: ({ hostPorts }, gone) => {
        const freed = podInfoOf(gone).hostPorts;
        return hostPorts.some((wanted) => freed.some((used) => portsConflict(used, wanted)));
      },
    },
    preFilter({ pod: { hostPorts } }) {
      if (hostPorts.length === 0) return undefined;
      return { filter: (node) => (hostPorts.some((port) => node.usesPort(port)) ? REJECTION : undefined) };
    },
  };
}
