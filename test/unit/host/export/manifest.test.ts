import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import {
  EXPORT_FORMATS,
  type ExportedGuest,
  labelOf,
  manifestOf,
} from '../../../../src/host/export/manifest.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const guest: ExportedGuest = {
  name: "a b'$(id)",
  memoryMebibytes: 768,
  cpus: 2,
  disks: [
    { file: "a b'$(id).0.qcow2", bytes: 8 * 1024 ** 3 },
    { file: 'data.qcow2', bytes: 1 },
  ],
  seed: 'a.seed.img',
  interfaces: 2,
  notes: ['not taken along: x\nrm -rf /'],
};

describe('what another engine needs', () => {
  it('is a manifest of KubeVirt that names each disk and the seed', () => {
    const { file, text } = manifestOf('kubevirt', guest);
    expect(file).toBe('a-b-id.yaml');
    const manifest = parseDocument(text).toJS();
    expect(manifest.kind).toBe('VirtualMachine');
    const { domain, volumes } = manifest.spec.template.spec;
    expect(domain.cpu.cores).toBe(2);
    expect(domain.memory.guest).toBe('768Mi');
    expect(volumes).toHaveLength(3);
    expect(text.match(/^# virtctl image-upload/gm)).toHaveLength(3);
  });

  it('are scripts that a shell takes, in which no name is a command', () => {
    for (const format of ['openstack', 'proxmox'] as const) {
      const { text } = manifestOf(format, guest);
      expect(spawnSync('sh', ['-n'], { input: text }).stderr.toString()).toBe('');
      expect(text).not.toMatch(/^rm /m);
      const outside = text
        .replaceAll("\\'", '')
        .replace(/'[^']*'/g, '')
        .replace(/^#.*$/gm, '');
      expect(outside).not.toContain('$(id)');
    }
  });

  it('has names that Kubernetes takes, whatever the guest is called', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(labelOf(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        for (const format of EXPORT_FORMATS) manifestOf(format, { ...guest, name });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
