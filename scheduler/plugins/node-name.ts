/** NodeName: a pod that names its node goes nowhere else. */
import type { Plugin, Rejection } from '../framework.ts';

const REJECTION: Rejection = {
  plugin: 'NodeName',
  reasons: ["node(s) didn't match the requested node name"],
  resolvable: false,
};

export function nodeName(): Plugin {
  return {
    name: 'NodeName',
    events: { NodeAdd: ({ pod }, node) => pod.spec?.nodeName === node.metadata?.name },
    preFilter({ pod: { pod } }) {
      const wanted = pod.spec?.nodeName;
      if (!wanted) return undefined;
      return { filter: (node) => (node.name === wanted ? undefined : REJECTION) };
    },
  };
}
