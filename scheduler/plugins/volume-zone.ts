/** VolumeZone: the zone and region labels of a bound volume must be the node's. */
import type { V1PersistentVolumeClaim } from '../../openapi/generated/types.ts';
import { always } from '../events.ts';
import type { Plugin, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { storageClassOf, waitsForFirstConsumer } from '../volumes/claims.ts';
import type { VolumeListers } from '../volumes/listers.ts';

const NAME = 'VolumeZone';
const REJECTION: Rejection = { plugin: NAME, reasons: ['node(s) had no available volume zone'], resolvable: false };
const rejected = (reason: string): Rejection => ({ plugin: NAME, reasons: [reason], resolvable: false });

/** Each label with the name it had before. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'],
]);
const OLDER = new Map([...LABELS].map(([label, older]) => [older, label]));

interface Place {
  label: string;
  values: readonly string[];
}

export function volumeZone(listers: VolumeListers): Plugin {
  const uses = ({ claims }: PodInfo, { metadata }: V1PersistentVolumeClaim) =>
    claims.includes(`${metadata?.namespace}/${metadata?.name}`);
  return {
    name: NAME,
    events: {
      ClassAdd: always,
      NodeAdd: always,
      NodeLabel: always,
      ClaimAdd: uses,
      ClaimUpdate: uses,
      VolumeAdd: always,
      VolumeUpdate: always,
    },
    preFilter({ pod }) {
      if (pod.claims.length === 0) return undefined;
      const places: Place[] = [];
      for (const key of pod.claims) {
        const found = placesOf(key, listers);
        if (typeof found === 'string') return { rejection: rejected(found) };
        places.push(...found);
      }
      if (places.length === 0) return undefined;
      return { filter: (node) => (isThere(places, node) ? undefined : REJECTION) };
    },
  };
}

/** Where the volume of a claim is; a string says why that cannot be known. */
function placesOf(key: string, listers: VolumeListers): Place[] | string {
  const claim = listers.claim(key);
  if (!claim) return `persistentvolumeclaim ${JSON.stringify(key.split('/')[1])} not found`;
  const name = claim.spec?.volumeName;
  if (!name) {
    const className = storageClassOf(claim);
    if (!className) return 'PersistentVolumeClaim had no pv name and storageClass name';
    const storageClass = listers.storageClass(className);
    if (!storageClass) return `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`;
    return waitsForFirstConsumer(storageClass) ? [] : 'PersistentVolume had no name';
  }
  const volume = listers.volume(name);
  if (!volume) return `persistentvolume ${JSON.stringify(name)} not found`;
  const labels = volume.metadata?.labels ?? {};
  return [...LABELS.keys(), ...LABELS.values()].flatMap((label) => {
    const value = labels[label];
    return value === undefined ? [] : [{ label, values: value.split('__') }];
  });
}

/** A node without any such label is taken to be everywhere. */
function isThere(places: readonly Place[], node: NodeInfo): boolean {
  const labelled = [...LABELS.keys(), ...LABELS.values()].some((label) => node.label(label) !== undefined);
  if (!labelled) return true;
  return places.every(({ label, values }) => {
    const value = node.label(label) ?? node.label(LABELS.get(label) ?? OLDER.get(label) ?? '');
    return value !== undefined && values.includes(value);
  });
}
