/**
 * What a conformance test imports. It speaks to the cluster of $KUBECONFIG over the wire and to nothing else, so that
 * the same tests run against kubets and against the real server.
 */
export { fetchApi, kubeConfig, server, target, targetAs } from './harness/cluster.ts';
export { eventually } from './harness/eventually.ts';
export type { Answer } from './harness/http.ts';
export { atLeast, behaves, behaviour, type Marks, suite } from './harness/marks.ts';
export {
  createNamespace,
  removeAll,
  removeNamespace,
  type TestNamespace,
  testNamespace,
  uniqueName,
} from './harness/namespace.ts';
export { applyPatch, JSON_PATCH, MERGE_PATCH, mutate, STRATEGIC_PATCH } from './harness/verbs.ts';
export { describeEvents, refusedWatch, type WatchEvent, watch } from './harness/watch.ts';
export {
  at,
  includes,
  listOf,
  namesOf,
  objectOf,
  statusOf,
  type Wire,
  type WireList,
  type WireStatus,
} from './harness/wire.ts';
