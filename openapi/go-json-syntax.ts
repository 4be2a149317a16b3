/** What Go's JSON scanner complains of in a text that is no JSON. Runs only when `JSON.parse` has refused the text. */

const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);
const LITERALS: Record<string, string> = { t: 'true', f: 'false', n: 'null' };
const END = 'unexpected end of JSON input';

class SyntaxFault extends Error {}

/** Go's message, for example `unexpected end of JSON input`; undefined where its scanner finds nothing wrong. */
export function goJsonSyntaxError(bytes: Buffer): string | undefined {
  try {
    new Scanner(bytes).document();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message;
    throw error;
  }
}

class Scanner {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A value and nothing after it. Nesting is kept in a list of its own, so that none is too deep. */
  document(): void {
    const open: string[] = [];
    this.#begin(open);
    while (open.length > 0) this.#next(open);
    const rest = this.#skip();
    if (rest !== undefined) this.#fail('after top-level value');
  }

  /** Reads a scalar, or opens a list or an object up to its first value. */
  #begin(open: string[]): void {
    for (;;) {
      const first = this.#skip() ?? this.#end();
      if (first !== '[' && first !== '{') {
        this.#scalar(first);
        return;
      }
      this.#at++;
      if (this.#skip() === (first === '[' ? ']' : '}')) {
        this.#at++;
        return;
      }
      open.push(first);
      if (first === '{') this.#key();
    }
  }

  /** After a value inside of a list or an object. */
  #next(open: string[]): void {
    const isList = open.at(-1) === '[';
    const next = this.#skip() ?? this.#end();
    if (next !== ',' && next !== (isList ? ']' : '}')) {
      this.#fail(isList ? 'after array element' : 'after object key:value pair');
    }
    this.#at++;
    if (next !== ',') {
      open.pop();
      return;
    }
    if (!isList) this.#key();
    this.#begin(open);
  }

  #key(): void {
    if ((this.#skip() ?? this.#end()) !== '"') this.#fail('looking for beginning of object key string');
    this.#string();
    if ((this.#skip() ?? this.#end()) !== ':') this.#fail('after object key');
    this.#at++;
  }

  #scalar(first: string): void {
    const literal = LITERALS[first];
    if (first === '"') this.#string();
    else if (literal) this.#literal(literal);
    else if (first === '-' || isDigit(first)) this.#number();
    else this.#fail('looking for beginning of value');
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const character = this.#peek() ?? this.#end();
      if (character < ' ') this.#fail('in string literal');
      this.#at++;
      if (character === '"') return;
      if (character === '\\') this.#escape();
    }
  }

  #escape(): void {
    const escaped = this.#peek() ?? this.#end();
    if (!'bfnrt\\/"u'.includes(escaped)) this.#fail('in string escape code');
    this.#at++;
    if (escaped !== 'u') return;
    for (let digit = 0; digit < 4; digit++) {
      if (!/[0-9a-fA-F]/.test(this.#peek() ?? this.#end())) this.#fail('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #literal(literal: string): void {
    this.#at++;
    for (const expected of literal.slice(1)) {
      if ((this.#peek() ?? this.#end()) !== expected) this.#fail(`in literal ${literal} (expecting '${expected}')`);
      this.#at++;
    }
  }

  #number(): void {
    if (this.#peek() === '-') {
      this.#at++;
      if (!isDigit(this.#peek() ?? this.#end())) this.#fail('in numeric literal');
    }
    if (this.#peek() === '0') this.#at++;
    else this.#digits();
    if (this.#peek() === '.') {
      this.#at++;
      if (!isDigit(this.#peek() ?? this.#end())) this.#fail('after decimal point in numeric literal');
      this.#digits();
    }
    if (!/^[eE]$/.test(this.#peek() ?? '')) return;
    this.#at++;
    if (/^[+-]$/.test(this.#peek() ?? '')) this.#at++;
    if (!isDigit(this.#peek() ?? this.#end())) this.#fail('in exponent of numeric literal');
    this.#digits();
  }

  #digits(): void {
    while (isDigit(this.#peek() ?? '')) this.#at++;
  }

  /** The next byte as a character; undefined at the end. */
  #peek(): string | undefined {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  #skip(): string | undefined {
    while (SPACE.has(this.#bytes[this.#at] ?? -1)) this.#at++;
    return this.#peek();
  }

  #end(): never {
    throw new SyntaxFault(END);
  }

  #fail(context: string): never {
    throw new SyntaxFault(`invalid character ${quoted(this.#peek() ?? '')} ${context}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

/** As Go quotes a single character. */
function quoted(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  const code = character.charCodeAt(0);
  const isPlain = code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code <= 0xa0) && code !== 0xad;
  const named: Record<string, string> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
  };
  if (named[character]) return `'${named[character]}'`;
  if (isPlain) return `'${character}'`;
  return `'${code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`}'`;
}
