/** From a metric of an autoscaler's spec to how many replicas it asks for. Pure, given what was read. */
import { messageOf } from '../../base/errors.ts';
import { canonicalQuantity, quantityMillis } from '../../base/quantity.ts';
import type {
  V2MetricSpec,
  V2MetricStatus,
  V2MetricTarget,
  V2MetricValueStatus,
} from '../../openapi/generated/types.ts';
import type { PodMetrics } from './pod-groups.ts';
import {
  type CalculatorInput,
  type Proposal,
  replicasForAverage,
  replicasForShare,
  replicasForUtilization,
  replicasForValue,
} from './replicas.ts';
import { goSelector } from './selector-text.ts';

/** What a metrics API said: figures of pods, one figure in thousandths, or why there is none. */
export type Reading = { pods: PodMetrics } | { value: number } | { error: string };

export interface MetricInput extends CalculatorInput {
  namespace: string;
  /** How many replicas there are, by the target's status. */
  statusReplicas: number;
}

export type MetricProposal =
  | { replicas: number; name: string; status: V2MetricStatus }
  | {
      /** Of the event and the condition. */
      reason: string;
      /** What the event says. */
      message: string;
      /** The same in the words of who asked. */
      error: string;
    };

interface Source {
  reason: string;
  /** Throws when there is no way to a proposal. */
  propose(): { proposal: Proposal; current: V2MetricValueStatus; name: string };
  /** The status of the metric. */
  status(current: V2MetricValueStatus): Omit<V2MetricStatus, 'type'>;
  /** Upstream's prefix of the error that is told of all metrics together. */
  failure: string;
}

export function proposalOf(spec: V2MetricSpec, reading: Reading, input: MetricInput): MetricProposal {
  const source = sourceOf(spec, reading, input);
  if (!source) {
    const message = `unknown metric source type ${JSON.stringify(spec.type)}`;
    return { reason: 'InvalidMetricSourceType', message, error: message };
  }
  try {
    const { proposal, current, name } = source.propose();
    return { replicas: proposal.replicas, name, status: { type: spec.type, ...source.status(current) } };
  } catch (error) {
    const message = messageOf(error);
    return { reason: source.reason, message, error: `${source.failure}: ${message}` };
  }
}

/** An error that events and conditions tell of without its prefix. */
function sourceOf(spec: V2MetricSpec, reading: Reading, input: MetricInput): Source | undefined {
  const { resource, containerResource, pods, object, external } = spec;
  switch (spec.type) {
    case 'Resource':
      return resource && resourceSource(resource.name, '', resource.target, reading, input);
    case 'ContainerResource':
      return (
        containerResource &&
        resourceSource(containerResource.name, containerResource.container, containerResource.target, reading, input)
      );
    case 'Pods':
      return pods && podsSource(pods, reading, input);
    case 'Object':
      return object && objectSource(object, reading, input);
    case 'External':
      return external && externalSource(external, reading, input);
    default:
      return undefined;
  }
}

function resourceSource(
  name: string,
  container: string,
  target: V2MetricTarget,
  reading: Reading,
  input: MetricInput,
): Source {
  const { averageValue, averageUtilization } = target;
  const within = container === '' ? '' : 'container ';
  return {
    reason: container === '' ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric',
    failure:
      container === ''
        ? `failed to get ${name} resource metric value`
        : `failed to get ${container} container metric value`,
    status: (current) =>
      container === '' ? { resource: { name, current } } : { containerResource: { name, container, current } },
    propose() {
      if (averageValue !== undefined) {
        return prefixed(`failed to get ${name} usage: `, () => {
          const metrics = figuresOf(reading, `unable to get metrics for resource ${name}: `);
          const proposal = replicasForAverage({
            ...input,
            metrics,
            target: quantityMillis(averageValue),
            resource: name,
          });
          return { proposal, current: { averageValue: milliText(proposal.usage) }, name: `${name} resource` };
        });
      }
      if (averageUtilization === undefined) {
        throw new Error(
          'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
        );
      }
      return prefixed(`failed to get ${name} utilization: `, () => {
        const metrics = figuresOf(reading, `unable to get metrics for resource ${name}: `);
        const proposal = replicasForUtilization({
          ...input,
          metrics,
          target: averageUtilization,
          resource: name,
          container,
        });
        const { utilization = 0, usage } = proposal;
        return {
          proposal,
          current: { averageUtilization: utilization, averageValue: milliText(usage) },
          name: `${name} ${within}resource utilization (percentage of request)`,
        };
      });
    },
  };
}

function podsSource(
  { metric, target }: NonNullable<V2MetricSpec['pods']>,
  reading: Reading,
  input: MetricInput,
): Source {
  return {
    reason: 'FailedGetPodsMetric',
    failure: 'failed to get pods metric value',
    status: (current) => ({ pods: { metric, current } }),
    propose() {
      const metrics = figuresOf(reading, `unable to get metric ${metric.name}: `);
      const proposal = replicasForAverage({ ...input, metrics, target: quantityMillis(target.averageValue) });
      return {
        proposal,
        current: { averageValue: milliText(proposal.usage) },
        name: `pods metric ${metric.name}`,
      };
    },
  };
}

function objectSource(
  { metric, target, describedObject }: NonNullable<V2MetricSpec['object']>,
  reading: Reading,
  input: MetricInput,
): Source {
  const { kind, name } = describedObject;
  const isShare = target.type === 'AverageValue';
  const unable = ` on ${kind} ${input.namespace}/${name}`;
  return {
    reason: 'FailedGetObjectMetric',
    failure: `failed to get object metric value${isShare ? `: failed to get ${metric.name} object metric` : ''}`,
    status: (current) => ({ object: { describedObject, metric, current } }),
    propose() {
      const said = target.type === 'Value' ? target.value : isShare ? target.averageValue : undefined;
      if (said === undefined) {
        throw new Error('invalid object metric source: neither a value target nor an average value target was set');
      }
      const usage = figureOf(reading, `unable to get metric ${metric.name}: `, unable);
      return isShare
        ? share(input, usage, said, `external metric ${metric.name}(${goSelector(metric.selector)})`)
        : total(input, usage, said, `${kind} metric ${metric.name}`);
    },
  };
}

function externalSource(
  { metric, target }: NonNullable<V2MetricSpec['external']>,
  reading: Reading,
  input: MetricInput,
): Source {
  const { averageValue, value } = target;
  const { name } = metric;
  const inner = averageValue === undefined ? `external metric ${name}` : `${name} external metric`;
  return {
    reason: 'FailedGetExternalMetric',
    failure: `failed to get ${name} external metric value${(averageValue ?? value) ? `: failed to get ${inner}` : ''}`,
    status: (current) => ({ external: { metric, current } }),
    propose() {
      const selector = goSelector(metric.selector);
      const asked = averageValue ?? value;
      if (asked === undefined) {
        throw new Error('invalid external metric source: neither a value target nor an average value target was set');
      }
      const usage = figureOf(reading, `unable to get external metric ${input.namespace}/${name}/${selector}: `);
      const title = `external metric ${name}(${selector})`;
      return averageValue === undefined ? total(input, usage, asked, title) : share(input, usage, asked, title);
    },
  };
}

function share(input: MetricInput, usage: number, target: string, name: string) {
  const { statusReplicas: replicas, tolerances } = input;
  const proposal = replicasForShare({ replicas, tolerances, usage, target: quantityMillis(target) });
  return { proposal, current: { averageValue: milliText(proposal.usage) }, name };
}

function total(input: MetricInput, usage: number, target: string, name: string) {
  const proposal = replicasForValue({ ...input, usage, target: quantityMillis(target) });
  return { proposal, current: { value: milliText(proposal.usage) }, name };
}

function figuresOf(reading: Reading, unable: string): PodMetrics {
  if ('pods' in reading) return reading.pods;
  throw new Error(`${unable}${'error' in reading ? reading.error : 'no figures'}`);
}

function figureOf(reading: Reading, unable: string, where = ''): number {
  if ('value' in reading) return reading.value;
  throw new Error(`${unable}${'error' in reading ? reading.error : 'no figure'}${where}`);
}

function prefixed<T>(prefix: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`${prefix}${messageOf(error)}`);
  }
}

function milliText(thousandths: number): string {
  return canonicalQuantity(`${thousandths}m`) ?? '0';
}
