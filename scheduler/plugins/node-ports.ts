/** NodePorts: a host port is given to one pod of a node. */
import type { FilterPlugin } from '../framework.ts';

export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  requeueOn: ['NodeAdd', 'AssignedPodDelete'],
  filter({ hostPorts }, node) {
    if (!hostPorts.some((port) => node.usesPort(port))) return undefined;
    return {
      plugin: 'NodePorts',
      reasons: ["node(s) didn't have free ports for the requested pod ports"],
      resolvable: true,
    };
  },
};
