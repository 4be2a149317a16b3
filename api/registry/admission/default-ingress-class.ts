/** Upstream's DefaultIngressClass: an ingress without a class gets the one marked as default. */
import type { V1Ingress, V1IngressClass } from '../../../openapi/generated/types.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import { type Admission, isAbout } from './admission.ts';
import { newestFirst } from './newest.ts';

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
/** Where the class stood before it had a field. */
const CLASS = 'kubernetes.io/ingress.class';

export function defaultIngressClass(cache: WatchCache): Admission {
  return {
    mutate(request) {
      if (request.operation !== 'create' || !isAbout(request, 'ingresses.networking.k8s.io')) return;
      const { metadata, spec } = request.object as V1Ingress;
      if (!spec || spec.ingressClassName !== undefined || metadata?.annotations?.[CLASS] !== undefined) return;
      const classes = cache.directory('/registry/ingressclasses/').map(({ object }) => object as V1IngressClass);
      const defaults = classes.filter((each) => each.metadata?.annotations?.[IS_DEFAULT] === 'true');
      const name = newestFirst(defaults)[0]?.metadata?.name;
      if (name !== undefined) spec.ingressClassName = name;
    },
  };
}
