/** What the table says of a kind, and the samples that several suites use. */
import type { Wire } from '../harness.ts';

export interface KindCase {
  kind: string;
  apiVersion: string;
  resource: string;
  namespaced: boolean;
  /** Nothing the server would have to default is left out but the defaults themselves are not written out either. */
  sample(name: string, namespace?: string): object;
  /** Changes a field of the kind's own. */
  change(object: Wire): void;
  /** What the object has after `change`. */
  changed: object;
  /** Names of the columns of a Table; those with a priority above 0 follow the `|`. */
  columns: string;
  /** The columns before the minor version that brought today's. */
  olderColumns?: { until: number; columns: string };
  /** The minor version that brought it in this apiVersion; every server has it unless told. */
  since?: number;
  /** The apiVersion in which 1.20 serves it, if another one. */
  older?: string;
  /** A legal name made from a unique one, for kinds whose names must look in a certain way. */
  nameFor?(unique: string): string;
  shortNames?: string[];
  categories?: string[];
  /** Has /status, /scale, ... */
  subresources?: string[];
}

/** A change to the kind, and what shows it. */
export type Change = Pick<KindCase, 'change' | 'changed'>;

/** A scheduler nobody runs, so that the pods of API tests stay where they are on a complete cluster too. */
const NO_SCHEDULER = 'conformance-nobody';

/** A pod that nothing schedules or runs. */
export function samplePod(name: string, labels: Record<string, string> = { app: name }): object {
  return { metadata: { name, labels }, spec: samplePodSpec() };
}

export function samplePodSpec(): object {
  return {
    schedulerName: NO_SCHEDULER,
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'example.invalid/main:1', imagePullPolicy: 'IfNotPresent' }],
  };
}

/** A controller whose pods nothing schedules. */
export function sampleController(name: string, replicas = 0): object {
  const labels = { rc: name };
  return {
    metadata: { name },
    spec: { replicas, selector: labels, template: { metadata: { labels }, spec: samplePodSpec() } },
  };
}

export function sampleService(name: string): object {
  return {
    metadata: { name },
    spec: { selector: { none: name }, ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }] },
  };
}

export function sampleConfigMap(name: string, labels?: Record<string, string>): object {
  return { metadata: { name, labels }, data: { key: 'value' } };
}

/** Replaces a whole field: `put({ data: … })`. */
export function put(fields: object): Change {
  return { change: (object) => Object.assign(object, fields), changed: fields };
}

export function label(): Change {
  return {
    change: (object) => {
      object.metadata.labels = { ...object.metadata.labels, changed: 'yes' };
    },
    changed: { metadata: { labels: { changed: 'yes' } } },
  };
}

export function spec(fields: object): Change {
  return {
    change: (object) => {
      object.spec = { ...(object.spec as object), ...fields };
    },
    changed: { spec: fields },
  };
}
