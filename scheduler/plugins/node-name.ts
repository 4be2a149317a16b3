/** NodeName: a pod that names its node goes nowhere else. */
import type { FilterPlugin } from '../framework.ts';

export const nodeName: FilterPlugin = {
  name: 'NodeName',
  requeueOn: ['NodeAdd'],
  filter({ pod }, node) {
    const wanted = pod.spec?.nodeName;
    if (!wanted || wanted === node.name) return undefined;
    return {
      plugin: 'NodeName',
      reasons: ["node(s) didn't match the requested node name"],
      resolvable: false,
    };
  },
};
