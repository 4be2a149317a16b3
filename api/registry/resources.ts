/** Every built-in resource, group by group: what is declared here is served. */
import { type Clock, systemClock } from '../../base/clock.ts';
import { type Access, UNRESTRICTED } from '../auth/access.ts';
import { compileExpression } from './admissionregistration/compile-expression.ts';
import type { CompileExpression } from './admissionregistration/expressions.ts';
import { admissionregistrationResources } from './admissionregistration/index.ts';
import { customResourceDefinitions } from './apiextensions/customresourcedefinitions.ts';
import { apiregistrationResources } from './apiregistration/index.ts';
import { appsResources } from './apps/index.ts';
import { authenticationResources } from './authentication/index.ts';
import { authorizationResources } from './authorization/index.ts';
import { autoscalingResources } from './autoscaling/index.ts';
import { batchResources } from './batch/index.ts';
import { certificatesResources } from './certificates/index.ts';
import { type CoreDependencies, coreResources } from './core/index.ts';
import type { ResourceDeclaration } from './declaration.ts';
import { discoveryResources } from './discovery/index.ts';
import { flowcontrolResources } from './flowcontrol/index.ts';
import { metricsResources } from './metrics/index.ts';
import type { MetricsSource } from './metrics/source.ts';
import { networkingResources } from './networking/index.ts';
import { nodeResources } from './node/index.ts';
import { policyResources } from './policy/index.ts';
import { rbacResources } from './rbac/index.ts';
import { resourceResources } from './resource/index.ts';
import { schedulingResources } from './scheduling/index.ts';
import { storageResources } from './storage/index.ts';

export interface BuiltinDependencies extends CoreDependencies {
  /** Answers reviews and guards what hands on rights. Default: everything is allowed. */
  access?: Access;
  clock?: Clock;
  /** Checks CEL expressions in admission and device configuration. */
  compileExpression?: CompileExpression;
  /** What nodes and pods use; without it metrics.k8s.io is not served. */
  metrics?: MetricsSource;
}

/** The declarations of one cluster. */
export function builtinResources(dependencies: BuiltinDependencies): ResourceDeclaration[] {
  const { access = UNRESTRICTED, clock = systemClock, describe = () => '', metrics } = dependencies;
  const { compileExpression: compile = compileExpression } = dependencies;
  return [
    ...coreResources(dependencies),
    ...apiregistrationResources(describe),
    ...appsResources(dependencies),
    ...authenticationResources(access, clock),
    ...authorizationResources(access),
    ...autoscalingResources(dependencies),
    ...batchResources(dependencies),
    ...certificatesResources(access, describe),
    ...networkingResources(dependencies),
    ...policyResources(dependencies),
    ...rbacResources(access, describe),
    ...storageResources(dependencies),
    ...admissionregistrationResources(describe, compile),
    customResourceDefinitions,
    ...schedulingResources(dependencies),
    ...nodeResources(dependencies),
    ...discoveryResources(dependencies),
    ...flowcontrolResources(describe),
    ...resourceResources(describe, compile),
    ...(metrics ? metricsResources(metrics) : []),
  ];
}
