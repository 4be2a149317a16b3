/** The peer broke the protocol in a way that leaves nothing to rely on: the connection has to end. */
export class SpdyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`SPDY: ${message}`, options);
    this.name = 'SpdyError';
  }
}
