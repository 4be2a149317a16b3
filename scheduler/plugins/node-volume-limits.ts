/** NodeVolumeLimits: a CSI driver attaches only so many volumes to a node, as the node's CSINode says. */
import { always } from '../events.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { storageClassOf } from '../volumes/claims.ts';
import type { VolumeListers } from '../volumes/listers.ts';

const NAME = 'NodeVolumeLimits';
const REJECTION: Rejection = { plugin: NAME, reasons: ['node(s) exceed max volume count'], resolvable: true };

export function nodeVolumeLimits(listers: VolumeListers): Plugin {
  return {
    name: NAME,
    events: {
      CSINodeAdd: always,
      CSINodeUpdate: (_pod, after, before) => JSON.stringify(after.spec) !== JSON.stringify(before?.spec),
      AssignedPodDelete: (_pod, gone) => (gone.spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim),
      ClaimAdd: ({ claims }, { metadata }) => claims.includes(`${metadata?.namespace}/${metadata?.name}`),
    },
    preFilter({ pod }) {
      if (pod.claims.length === 0) return undefined;
      const wanted = attachments(pod.claims, listers);
      if (wanted.size === 0) return undefined;
      return { filter: (node) => (hasRoom(wanted, node, listers) ? undefined : REJECTION) };
    },
  };
}

/** Drivers of the volumes behind claims, by what tells volumes apart. */
function attachments(claims: readonly string[], listers: VolumeListers): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of claims) {
    const claim = listers.claim(key);
    if (!claim) continue;
    const volume = claim.spec?.volumeName ? listers.volume(claim.spec.volumeName) : undefined;
    const csi = volume?.spec?.csi;
    if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    else if (!volume) {
      // Not there yet: whoever provisions it is taken for the driver.
      const driver = listers.storageClass(storageClassOf(claim))?.provisioner;
      if (driver) found.set(`${driver}/claim:${key}`, driver);
    }
  }
  return found;
}

function hasRoom(wanted: ReadonlyMap<string, string>, node: NodeInfo, listers: VolumeListers): boolean {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of listers.csiNode(node.name)?.spec.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  }
  if (limits.size === 0) return true;
  const claims = [...node.pods.values()].flatMap((pod) => pod.claims);
  const attached = attachments(claims, listers);
  for (const driver of new Set(wanted.values())) {
    const limit = limits.get(driver);
    if (limit === undefined) continue;
    const used = [...attached.values()].filter((other) => other === driver).length;
    const fresh = [...wanted].filter(([id, other]) => other === driver && !attached.has(id)).length;
    if (fresh > 0 && used + fresh > limit) return false;
  }
  return true;
}
