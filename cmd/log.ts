/** Our `Log` on top of pino. */
import type { Logger } from 'pino';
import type { Log } from '../base/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/** A logger that writes JSON lines to stderr. Throws for a level that does not exist. */
export async function createLog(level: string): Promise<Log> {
  if (!LEVELS.includes(level)) throw new Error(`log level ${JSON.stringify(level)} is none of ${LEVELS.join(', ')}`);
  const { pino } = await import('pino');
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  return wrap(logger);
}

/** Only what the contract names: pino's own logger is a thenable to the type checker. */
function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
