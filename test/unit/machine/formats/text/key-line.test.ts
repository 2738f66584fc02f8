import { describe, expect, it } from 'vitest';
import { addKeys } from '../../../../../src/accounts/authorized-keys.ts';
import { linesWith, parseKeyLine, whyNotTaken } from '../../../../../src/machine/formats/text/key-line.ts';

const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
const KEY = `ssh-ed25519 ${BLOB}`;

/** Lines by which the sshd of Debian 12 (OpenSSH 9.2) and of Debian 13 (10.0) let the key in, tried by logging in. */
const TAKEN = [
  KEY,
  `${KEY}\r`,
  `${KEY}\r x`,
  ` \t${KEY}`,
  `ssh-ed25519\t${BLOB}`,
  `${KEY}\0garbage`,
  `${KEY} a\0b`,
  `${KEY} ${'x'.repeat(70_000)}`,
  `pty ${KEY}`,
  `PTY ${KEY}`,
  `pty\t${KEY}`,
  `no-touch-required ${KEY}`,
  `agent-forwarding,port-forwarding,X11-forwarding,user-rc ${KEY}`,
  `environment="A=\r" ${KEY}`,
  `environment="A=1",environment="A=2" ${KEY}`,
  `environment="A=${'x'.repeat(70_000)}" ${KEY}`,
];

/** Lines by which neither of them does. */
const REFUSED = [
  `\u00a0${KEY}`,
  `\udca0${KEY}`,
  `\f${KEY}`,
  `\v${KEY}`,
  `\r${KEY}`,
  `\ufeff${KEY}`,
  `\u2028${KEY}`,
  `\u3000${KEY}`,
  `\0${KEY}`,
  `ssh-ed25519\r ${BLOB}`,
  `ssh-ed25519\f${BLOB}`,
  `SSH-ED25519 ${BLOB}`,
  `ssh-rsa ${BLOB}`,
  `${KEY}=`,
  `${KEY}\rx`,
  `${KEY}\u00a0x`,
  `${KEY}\fabc`,
  `pty\r ${KEY}`,
  `pty, pty ${KEY}`,
  `pty="x" ${KEY}`,
  `pty=x ${KEY}`,
  `pty= ${KEY}`,
  `environment ${KEY}`,
  `environment=A ${KEY}`,
  `environment="" ${KEY}`,
  `environment="A" ${KEY}`,
  `environment="=1" ${KEY}`,
  `environment="A B=1" ${KEY}`,
];

describe('a line of authorized_keys', () => {
  it.each(TAKEN)('that sshd takes counts as the key: %j', (line) => {
    expect(addKeys(`${line}\n`, [KEY])).toBeUndefined();
    expect(whyNotTaken(parseKeyLine(line) ?? { type: '', blob: '', options: ['none'] }, 0)).toBeUndefined();
  });

  it.each(REFUSED)('that sshd refuses does not: %j', (line) => {
    const after = addKeys(`${line}\n`, [KEY]) ?? '';
    expect(after.split('\n')).toContain(KEY);
    expect(after).toContain(line);
    const parsed = parseKeyLine(line);
    const isSeen = parsed?.type === 'ssh-ed25519' && parsed.blob === BLOB;
    expect(isSeen && whyNotTaken(parsed, 0) === undefined).toBe(false);
  });

  it('is told by the name of its option, not by the value', () => {
    const line = parseKeyLine(`environment="SECRET" ${KEY}`);
    expect(line && whyNotTaken(line, 0)).toBe('its line has an option that sshd does not take (environment)');
  });

  it.each(['"', '\\"', ',', '=', ' '])('is read in one way only, long as it may be: %j', (piece) => {
    const started = performance.now();
    const parsed = parseKeyLine(`command="${piece.repeat(500_000)}" ${KEY}`);
    if (parsed !== undefined) whyNotTaken(parsed, 0);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('linesWith', () => {
  it('gives each line once, with its start, the last without an end too', () => {
    expect([...linesWith('a x\nb\nx x\nc\nx', 'x')]).toEqual([
      { line: 'a x', start: 0 },
      { line: 'x x', start: 6 },
      { line: 'x', start: 12 },
    ]);
    expect([...linesWith('a\n', 'x')]).toEqual([]);
  });
});
