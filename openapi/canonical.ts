/**
 * Patterns of values that are certainly in the form the server writes. They are sound, not complete: what they refuse
 * is looked at again, what they accept is kept as it is. The generator puts them into the compiled validators.
 */

/** `0`, `250m`, `1500m`, `64Mi`; never `1000m` or `1024Mi`, which become `1` and `1Gi`. */
export const CANONICAL_QUANTITY = '^(?:0|[1-9][0-9]{0,2}(?:[mkMGT]|[KMGT]i)?|[1-9][0-9]{0,2}(?!000)[0-9]{3}m?)$';

/** A moment in UTC, whole seconds, on a day every month has. */
export const CANONICAL_TIME =
  '^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$';
