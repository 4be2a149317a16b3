/** Every conversation, by theme. */
import type { Theme } from '../case.ts';
import { clusterThemes } from './cluster.ts';
import { coreThemes } from './core.ts';
import { customThemes } from './custom.ts';
import { networkThemes } from './network.ts';
import { patchThemes } from './patches.ts';
import { requestThemes } from './requests.ts';
import { subresourceThemes } from './subresources.ts';
import { workloadThemes } from './workloads.ts';

export const themes: Theme[] = [
  ...requestThemes,
  ...subresourceThemes,
  ...patchThemes,
  ...customThemes,
  ...coreThemes,
  ...workloadThemes,
  ...networkThemes,
  ...clusterThemes,
];
