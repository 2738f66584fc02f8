const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export const SECONDS_EXPECTED = 'a time such as 30s, 5m or 1h';

/** @param text such as `30`, `30s`, `5m`, `1h` @returns seconds; undefined if it is no time */
export function parseSeconds(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS[unit || 's'] ?? 1);
}

/** How it is told that a guest is ready for those that come after it. */
export type Readiness =
  /** QEMU runs. */
  | { by: 'running' }
  /** The toolkit in the guest said so, on its port. */
  | { by: 'channel' }
  /** The guest agent has opened its port. */
  | { by: 'agent' }
  | { by: 'tcp'; port: number }
  /** A server of SSH greets. */
  | { by: 'ssh' }
  /** A command of the admin's on this host succeeds. */
  | { by: 'command'; command: string }
  | { by: 'delay'; seconds: number };

export const READINESS_EXPECTED =
  'running, channel, agent, ssh, tcp:PORT, command:COMMAND or delay:SECONDS, such as delay:30s';

const LAST_PORT = 65_535;

/** @returns undefined if it is none */
export function parseReadiness(text: string): Readiness | undefined {
  if (text === 'running' || text === 'channel' || text === 'agent' || text === 'ssh') return { by: text };
  const [, kind, rest = ''] = /^(tcp|command|delay):(.+)$/s.exec(text) ?? [];
  if (kind === 'command') return rest.trim() === '' ? undefined : { by: 'command', command: rest };
  if (kind === 'tcp') {
    const port = /^\d{1,5}$/.test(rest) ? Number(rest) : 0;
    return port >= 1 && port <= LAST_PORT ? { by: 'tcp', port } : undefined;
  }
  const seconds = kind === 'delay' ? parseSeconds(rest) : undefined;
  return seconds === undefined ? undefined : { by: 'delay', seconds };
}

/** As an admin writes it. */
export function readinessText(ready: Readiness): string {
  if (ready.by === 'tcp') return `tcp:${ready.port}`;
  if (ready.by === 'command') return `command:${ready.command}`;
  return ready.by === 'delay' ? `delay:${ready.seconds}s` : ready.by;
}
