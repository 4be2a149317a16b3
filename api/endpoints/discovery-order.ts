/** In which order discovery names groups and their versions: clients take the first for the preferred one. */

interface Priority {
  group: number;
  /** Versions that are not in the order of their names. */
  versions?: Readonly<Record<string, number>>;
}

/** Upstream's, which the aggregator gives to the groups that are built in. */
const PRIORITIES: Readonly<Record<string, Priority>> = {
  'apiregistration.k8s.io': { group: 20_000 },
  apps: { group: 17_800 },
  'events.k8s.io': { group: 17_750 },
  'authentication.k8s.io': { group: 17_700 },
  'authorization.k8s.io': { group: 17_600 },
  autoscaling: { group: 17_500, versions: { v2: 30, v1: 15, v2beta1: 9, v2beta2: 1 } },
  batch: { group: 17_400 },
  'certificates.k8s.io': { group: 17_300 },
  'networking.k8s.io': { group: 17_200 },
  policy: { group: 17_100 },
  'rbac.authorization.k8s.io': { group: 17_000 },
  'storage.k8s.io': { group: 16_800 },
  'admissionregistration.k8s.io': { group: 16_700 },
  'apiextensions.k8s.io': { group: 16_700 },
  'scheduling.k8s.io': { group: 16_600 },
  'coordination.k8s.io': { group: 16_500 },
  'node.k8s.io': { group: 16_300 },
  'discovery.k8s.io': { group: 16_200 },
  'flowcontrol.apiserver.k8s.io': { group: 16_100 },
  'internal.apiserver.k8s.io': { group: 16_000 },
  'resource.k8s.io': { group: 15_900 },
  'storagemigration.k8s.io': { group: 15_800 },
  // As metrics-server declares it.
  'metrics.k8s.io': { group: 100 },
};

/** Of groups that custom resources bring. */
const CUSTOM = 1_000;

/** Negative where group `a` comes first. */
export function compareGroups(a: string, b: string): number {
  return priorityOf(b) - priorityOf(a) || (a < b ? -1 : a > b ? 1 : 0);
}

function priorityOf(group: string): number {
  return PRIORITIES[group]?.group ?? CUSTOM;
}

/** Negative where version `a` of the group comes first. */
export function compareVersions(group: string, a: string, b: string): number {
  const versions = PRIORITIES[group]?.versions ?? {};
  return (versions[b] ?? 0) - (versions[a] ?? 0) || compareVersionNames(a, b);
}

const STAGES = ['alpha', 'beta', ''];

/**
 * Upstream's order of versions by their names: stable ones first, then betas, then alphas, each from high to low; what
 * is no version of Kubernetes' comes last, in the order of the alphabet.
 */
export function compareVersionNames(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  return right.stage - left.stage || right.major - left.major || right.minor - left.minor;
}

function parse(version: string): { stage: number; major: number; minor: number } | undefined {
  const [, major, stage = '', minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  if (major === undefined) return undefined;
  return { stage: STAGES.indexOf(stage), major: Number(major), minor: Number(minor ?? 0) };
}
