/** Why an address or a port could not be handed out; the messages are upstream's. */
export class AllocationError extends Error {}

/** Somebody else has it. */
export class AllocatedError extends AllocationError {}

/** Nothing is left. */
export class RangeFullError extends AllocationError {
  constructor() {
    super('range is full');
  }
}
