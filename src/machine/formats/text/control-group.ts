/**
 * The control group of a process: the one line of cgroup v2, or that of systemd's own hierarchy (cgroups(7)).
 * @param text of /proc/PID/cgroup
 * @returns such as `/system.slice/cron.service`; empty if there is neither
 */
export function ownControlGroup(text: string): string {
  const lines = text.split('\n');
  const line = lines.find((one) => one.startsWith('0::') || one.includes(':name=systemd:')) ?? '';
  return line.split(':').slice(2).join(':');
}
