/** Printer columns that controllers share. */
import type { V1LabelSelector, V1PodTemplateSpec } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import { column } from '../core/columns.ts';
import { images, names } from '../core/replicationcontrollers.ts';
import type { Column } from '../declaration.ts';
import { formatLabelSelector } from '../validation/label-selectors.ts';

/** `Containers` and `Images`, shown with `-o wide`. */
export function containerColumns<T extends KubeObject>(
  templateOf: (object: T) => V1PodTemplateSpec | undefined,
): Column<T>[] {
  const containers = (object: T) => templateOf(object)?.spec?.containers ?? [];
  const wide = { priority: 1 };
  return [
    column('Containers', 'Names of each container in the template.', (object) => names(containers(object)), wide),
    column('Images', 'Images referenced by each container in the template.', (o) => images(containers(o)), wide),
  ];
}

/** The selector as clients send it back: `''` when it selects all or nothing. */
export function selectorString(selector: V1LabelSelector | undefined): string {
  const text = formatLabelSelector(selector);
  return text === '<none>' ? '' : text;
}
