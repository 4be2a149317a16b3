/** Validation of probes and lifecycle hooks. */
import type {
  V1Container,
  V1HTTPGetAction,
  V1Lifecycle,
  V1LifecycleHandler,
  V1Probe,
} from '../../../../openapi/generated/types.ts';
import type { FieldError } from '../../../../openapi/status.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from '../../validation/errors.ts';
import { validateNonnegative, validatePortNumberOrName } from '../../validation/fields.ts';
import { isHttpHeaderName, isPortNumber } from '../../validation/names.ts';

const SCHEMES = ['HTTP', 'HTTPS'];

/** What a probe or a hook may do. */
type Handler = Pick<V1Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<V1LifecycleHandler, 'sleep'>;

export function validateProbes(container: V1Container, path: string): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...validateProbe(livenessProbe, `${path}.livenessProbe`),
    ...succeedsOnce(livenessProbe, `${path}.livenessProbe`),
    ...validateProbe(readinessProbe, `${path}.readinessProbe`, false),
    ...validateProbe(startupProbe, `${path}.startupProbe`),
    ...succeedsOnce(startupProbe, `${path}.startupProbe`),
  ];
}

function validateProbe(probe: V1Probe | undefined, path: string, mayEnd = true): FieldError[] {
  if (!probe) return [];
  const errors = [
    ...validateHandler(probe, undefined, path),
    ...validateNonnegative(probe.initialDelaySeconds, `${path}.initialDelaySeconds`),
    ...validateNonnegative(probe.timeoutSeconds, `${path}.timeoutSeconds`),
    ...validateNonnegative(probe.periodSeconds, `${path}.periodSeconds`),
    ...validateNonnegative(probe.successThreshold, `${path}.successThreshold`),
    ...validateNonnegative(probe.failureThreshold, `${path}.failureThreshold`),
  ];
  const grace = probe.terminationGracePeriodSeconds;
  if (grace === undefined) return errors;
  const field = `${path}.terminationGracePeriodSeconds`;
  if (grace <= 0) errors.push(invalidValue(field, grace, 'must be greater than 0'));
  if (!mayEnd) errors.push(invalidValue(field, grace, 'must not be set for readinessProbes'));
  return errors;
}

function succeedsOnce(probe: V1Probe | undefined, path: string): FieldError[] {
  if (!probe || probe.successThreshold === 1) return [];
  return [invalidValue(`${path}.successThreshold`, probe.successThreshold ?? 0, 'must be 1')];
}

/** `graceSeconds` is how long a hook may sleep at most. */
export function validateLifecycle(
  lifecycle: V1Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: string,
): FieldError[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart ? validateHandler(postStart, graceSeconds, `${path}.postStart`) : []),
    ...(preStop ? validateHandler(preStop, graceSeconds, `${path}.preStop`) : []),
  ];
}

function validateHandler(handler: Handler, graceSeconds: number | undefined, path: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const checks: [name: string, errors: FieldError[]][] = [];
  if (exec) checks.push(['exec', exec.command?.length ? [] : [required(`${path}.exec.command`)]]);
  if (httpGet) checks.push(['httpGet', validateHttpGet(httpGet, `${path}.httpGet`)]);
  if (tcpSocket) checks.push(['tcpSocket', validatePortNumberOrName(tcpSocket.port, `${path}.tcpSocket.port`)]);
  if (grpc) checks.push(['grpc', invalidEach(`${path}.grpc.port`, grpc.port, isPortNumber(grpc.port))]);
  if (sleep) checks.push(['sleep', validateSleep(sleep.seconds, graceSeconds ?? 0, `${path}.sleep`)]);
  if (checks.length === 0) return [required(path, 'must specify a handler type')];
  return checks.flatMap(([name, errors], i) =>
    i === 0 ? errors : [forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type')],
  );
}

function validateSleep(seconds: number, graceSeconds: number, path: string): FieldError[] {
  if (seconds >= 0 && seconds <= graceSeconds) return [];
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalidValue(path, seconds, detail)];
}

function validateHttpGet(action: V1HTTPGetAction, path: string): FieldError[] {
  return [
    ...(action.path ? [] : [required(`${path}.path`)]),
    ...validatePortNumberOrName(action.port, `${path}.port`),
    ...(SCHEMES.includes(action.scheme ?? '') ? [] : [notSupported(`${path}.scheme`, action.scheme, SCHEMES)]),
    ...(action.httpHeaders ?? []).flatMap(({ name }) =>
      invalidEach(`${path}.httpHeaders`, name, isHttpHeaderName(name)),
    ),
  ];
}
