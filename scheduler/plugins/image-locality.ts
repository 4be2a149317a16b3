/** ImageLocality: prefers nodes that have the pod's images already, the more so the larger and the more widespread. */
import { MAX_NODE_SCORE, type Plugin } from '../framework.ts';

const MB = 1024 * 1024;
const LEAST = 23 * MB;
/** A container. */
const MOST = 1000 * MB;

export function imageLocality(): Plugin {
  return {
    name: 'ImageLocality',
    preScore({ pod: { pod }, cluster }) {
      const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {};
      const images = [...initContainers, ...containers].map(({ image }) => image ?? '');
      for (const { image } of volumes) if (image) images.push(image.reference ?? '');
      const total = cluster.nodes.length;
      const found = images.flatMap((image) => cluster.images.find(normalizedImage(image)) ?? []);
      // Then no node has any of them, and all would get 0.
      if (found.length === 0) return undefined;
      const most = MOST * images.length;
      return {
        score: ({ name }) => {
          let sum = 0;
          for (const sizes of found) {
            const bytes = sizes.get(name);
            if (bytes !== undefined) sum += Math.trunc(bytes * (sizes.size / total));
          }
          const bounded = Math.min(Math.max(sum, LEAST), most);
          return Math.trunc((MAX_NODE_SCORE * (bounded - LEAST)) / (most - LEAST));
        },
      };
    },
  };
}

/** As node status names images: with a tag. */
export function normalizedImage(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name;
}
