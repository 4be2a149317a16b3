/**
 * The image a sandbox runs, assembled here so that neither a registry nor a compiler is needed: one static program of
 * under 250 bytes that sleeps until SIGTERM or SIGINT and then exits with 0. (As process 1 of its namespace it would not
 * hear these signals without a handler.)
 */
import { Buffer } from 'node:buffer';

export const PAUSE_IMAGE = 'kubets/pause:1';
const BASE = 0x400000;
const HEADERS = 64 + 56;
const SIGNALS = { SIGINT: 2, SIGTERM: 15 };

/** Docker's name of an architecture, as `docker version` reports it. */
export type Architecture = 'amd64' | 'arm64';

interface Program {
  /** e_machine of the ELF header. */
  machine: number;
  /** Machine code; its first byte is the entry point. */
  code: Buffer;
}

/** The ELF executable. */
export function pauseProgram(architecture: Architecture): Buffer {
  const { machine, code } = architecture === 'amd64' ? amd64() : arm64();
  const size = HEADERS + code.length;
  const elf = Buffer.alloc(HEADERS);
  // ELF header: 64 bit, little-endian, version 1, System V; executable.
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(machine, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(BASE + HEADERS), 24);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  // One program header: load the whole file, readable and executable. Pages of up to 64 KiB exist on arm64.
  elf.writeUInt32LE(1, 64);
  elf.writeUInt32LE(5, 68);
  elf.writeBigUInt64LE(BigInt(BASE), 80);
  elf.writeBigUInt64LE(BigInt(BASE), 88);
  elf.writeBigUInt64LE(BigInt(size), 96);
  elf.writeBigUInt64LE(BigInt(size), 104);
  elf.writeBigUInt64LE(0x10000n, 112);
  return Buffer.concat([elf, code]);
}

/** The kernel's `struct sigaction`: handler, flags, restorer (never reached: the handler exits), mask. */
function sigaction(handler: number, flags: number): Buffer {
  const out = Buffer.alloc(32);
  out.writeBigUInt64LE(BigInt(handler), 0);
  out.writeBigUInt64LE(BigInt(flags), 8);
  out.writeBigUInt64LE(BigInt(handler), 16);
  return out;
}

function amd64(): Program {
  const SA_RESTORER = 0x04000000; // x86-64 delivers no signal without one
  const install = (signal: number, actionAt: number, at: number) => {
    const lea = Buffer.from([0x48, 0x8d, 0x35, 0, 0, 0, 0]); // lea rsi, [rip + action]
    lea.writeInt32LE(actionAt - (at + 10 + 7), 3);
    return Buffer.concat([
      Buffer.from([0xb8, 13, 0, 0, 0]), // mov eax, 13 (rt_sigaction)
      Buffer.from([0xbf, signal, 0, 0, 0]), // mov edi, signal
      lea,
      Buffer.from([0x31, 0xd2]), // xor edx, edx (no old action)
      Buffer.from([0x41, 0xba, 8, 0, 0, 0]), // mov r10d, 8 (bytes of the mask)
      Buffer.from([0x0f, 0x05]), // syscall
    ]);
  };
  const sleep = Buffer.from([
    ...[0xb8, 34, 0, 0, 0], // mov eax, 34 (pause)
    ...[0x0f, 0x05], // syscall
    ...[0xeb, 0xf7], // jmp to the mov
  ]);
  const exit = Buffer.from([
    ...[0xb8, 60, 0, 0, 0], // mov eax, 60 (exit)
    ...[0x31, 0xff], // xor edi, edi
    ...[0x0f, 0x05], // syscall
  ]);
  const exitAt = 2 * 27 + sleep.length;
  const actionAt = exitAt + exit.length;
  const code = Buffer.concat([
    install(SIGNALS.SIGTERM, actionAt, 0),
    install(SIGNALS.SIGINT, actionAt, 27),
    sleep,
    exit,
    sigaction(BASE + HEADERS + exitAt, SA_RESTORER),
  ]);
  return { machine: 62, code };
}

function arm64(): Program {
  const movz = (register: number, value: number) => 0xd2800000 + (value << 5) + register;
  const svc = 0xd4000001;
  const adr = (register: number, offset: number) =>
    0x10000000 + ((offset & 3) << 29) + (((offset >> 2) & 0x7ffff) << 5) + register;
  const install = (signal: number, actionAt: number, at: number) => [
    movz(8, 134), // rt_sigaction
    movz(0, signal),
    adr(1, actionAt - (at + 8)),
    movz(2, 0),
    movz(3, 8),
    svc,
  ];
  // arm64 has no pause: ppoll(no descriptors, 0, no timeout, no mask, 0)
  const sleep = [movz(0, 0), movz(1, 0), movz(2, 0), movz(3, 0), movz(4, 0), movz(8, 73), svc, 0x14000000 + 0x3fffff9];
  const exit = [movz(8, 93), movz(0, 0), svc];
  const exitAt = 4 * (2 * 6 + sleep.length);
  const actionAt = exitAt + 4 * exit.length + 4; // aligned to 8
  const words = [
    ...install(SIGNALS.SIGTERM, actionAt, 0),
    ...install(SIGNALS.SIGINT, actionAt, 24),
    ...sleep,
    ...exit,
    0,
  ];
  const code = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    code.writeUInt32LE(word, 4 * i);
  });
  return { machine: 183, code: Buffer.concat([code, sigaction(BASE + HEADERS + exitAt, 0)]) };
}

/** A tar archive (ustar) that holds one executable file, for `docker import`. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'ascii');
  header.write(name, 0, 'utf8');
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('0', 156, 'ascii');
  header.write('ustar\x0000', 257, 'ascii');
  header.write(' '.repeat(8), 148, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}
