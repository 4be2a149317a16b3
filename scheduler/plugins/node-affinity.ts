/** NodeAffinity: the pod's nodeSelector and node affinity, required and preferred, and what the profile adds to them. */
import type { V1NodeAffinity, V1PreferredSchedulingTerm } from '../../openapi/generated/types.ts';
import type { EventHints } from '../events.ts';
import { normalizeByMax, type Plugin, type Rejection } from '../framework.ts';
import { NodeInfo } from '../node-info.ts';
import { compileNodeSelector, compileTerm, type NodePredicate, namedNodes, requiredNodes } from '../node-selector.ts';
import type { PodInfo } from '../pod-info.ts';

const NAME = 'NodeAffinity';
const rejected = (reason: string): Rejection => ({ plugin: NAME, reasons: [reason], resolvable: false });
const MISMATCH = rejected("node(s) didn't match Pod's node affinity/selector");
const ADDED_MISMATCH = rejected("node(s) didn't match scheduler-enforced node affinity");
const CONFLICT = rejected('pod affinity terms conflict');

export interface NodeAffinityArgs {
  /** Holds for every pod of the profile, beside what the pod itself asks for. */
  addedAffinity?: V1NodeAffinity;
}

export function nodeAffinity({ addedAffinity }: NodeAffinityArgs = {}): Plugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const enforced = added && compileNodeSelector(added);
  const addedPreferences = compilePreferences(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution);
  return {
    name: NAME,
    events: events(enforced),
    preFilter({ pod: { pod } }) {
      const required = requiredNodes(pod);
      if (!required && !enforced) return undefined;
      const affinity = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const nodeNames = namedNodes(affinity?.nodeSelectorTerms ?? []);
      if (nodeNames?.size === 0) return { rejection: CONFLICT };
      return {
        ...(nodeNames ? { nodeNames } : {}),
        filter: (node) => {
          if (enforced && !enforced(node)) return ADDED_MISMATCH;
          return required && !required(node) ? MISMATCH : undefined;
        },
      };
    },
    preScore({ pod: { pod } }) {
      const terms = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
      const preferences = [...addedPreferences, ...compilePreferences(terms)];
      if (preferences.length === 0) return undefined;
      return {
        score: (node) => preferences.reduce((sum, { holds, weight }) => sum + (holds(node) ? weight : 0), 0),
        normalize: (scores) => normalizeByMax(scores, false),
      };
    },
  };
}

function compilePreferences(terms: readonly V1PreferredSchedulingTerm[] | undefined) {
  return (terms ?? [])
    .filter(({ weight }) => weight !== 0)
    .map(({ preference, weight }) => ({ holds: compileTerm(preference), weight }));
}

/** A node helps when it matches now and did not before. */
function events(enforced: NodePredicate | undefined): EventHints {
  const matches = ({ pod }: PodInfo, node: NodeInfo) =>
    (enforced?.(node) ?? true) && (requiredNodes(pod)?.(node) ?? true);
  return {
    NodeAdd: (pod, node) => matches(pod, new NodeInfo(node.metadata?.name ?? '', node)),
    NodeLabel: (pod, node, before) => {
      const name = node.metadata?.name ?? '';
      return matches(pod, new NodeInfo(name, node)) && !(before && matches(pod, new NodeInfo(name, before)));
    },
  };
}
