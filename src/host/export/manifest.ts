/** Engines that a guest can be handed over to. */
export const EXPORT_FORMATS = ['kubevirt', 'openstack', 'proxmox'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an engine is to know of a guest. */
export interface ExportedGuest {
  name: string;
  memoryMebibytes: number;
  cpus: number;
  /** File names beside the manifest: the root disk, then data disks by their labels. */
  disks: readonly { file: string; bytes: number; label?: string }[];
  /** File name of the seed. */
  seed: string;
  interfaces: number;
  /** What cannot be taken along, one line each. */
  notes: readonly string[];
}

const GIBIBYTE = 1024 ** 3;

/** A name as Kubernetes takes it (RFC 1123 label). */
export const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '') || 'guest';

/** A word for a shell that somebody runs by hand. */
const word = (text: string): string =>
  /^[A-Za-z0-9_./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const comments = (notes: readonly string[]) =>
  notes.map((note) => `# ${note.replace(/\s+/g, ' ')}\n`).join('');
const gibibytes = (bytes: number) => Math.max(1, Math.ceil(bytes / GIBIBYTE));

/** A VirtualMachine with a claim for each disk, into which the files are to be uploaded (`virtctl image-upload`). JSON is YAML. */
function kubevirt(guest: ExportedGuest): string {
  const name = labelOf(guest.name);
  const all = [
    ...guest.disks.map(({ file, bytes }) => ({ file, bytes })),
    { file: guest.seed, bytes: GIBIBYTE },
  ];
  const claims = all.map(({ file, bytes }, index) => ({
    file,
    bytes,
    claim: `${name}-${index}`,
    volume: `disk${index}`,
  }));
  const networks = guest.interfaces === 0 ? [] : [{ name: 'default', pod: {} }];
  const manifest = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name },
    spec: {
      runStrategy: 'Halted',
      template: {
        spec: {
          domain: {
            cpu: { cores: guest.cpus },
            memory: { guest: `${guest.memoryMebibytes}Mi` },
            devices: {
              disks: claims.map(({ volume }) => ({ name: volume, disk: { bus: 'virtio' } })),
              interfaces: networks.map(() => ({ name: 'default', masquerade: {} })),
            },
          },
          networks,
          volumes: claims.map(({ claim, volume }) => ({
            name: volume,
            persistentVolumeClaim: { claimName: claim },
          })),
        },
      },
    },
  };
  const uploads = claims.map(
    ({ file, bytes, claim }) =>
      `# virtctl image-upload pvc ${claim} --size=${gibibytes(bytes)}Gi --image-path=${word(file)}\n`,
  );
  return `${comments(guest.notes)}${uploads.join('')}${JSON.stringify(manifest, null, 2)}\n`;
}

const script = (notes: readonly string[], lines: readonly string[]): string =>
  `#!/bin/sh\nset -eu\n${comments(notes)}${lines.join('\n')}\n`;

function openstack(guest: ExportedGuest): string {
  const name = word(guest.name);
  const [root, ...more] = guest.disks;
  const images = [...more.map(({ file }) => file), guest.seed];
  return script(guest.notes, [
    `openstack image create --disk-format qcow2 --container-format bare --file ${word(root?.file ?? '')} ${name}`,
    ...images.map((file) => {
      const format = file.endsWith('.qcow2') ? 'qcow2' : 'raw';
      return `openstack image create --disk-format ${format} --container-format bare --file ${word(file)} ${word(file)}`;
    }),
    `openstack flavor create --ram ${guest.memoryMebibytes} --vcpus ${guest.cpus} --disk ${gibibytes(root?.bytes ?? 0)} ${word(`${guest.name}-flavor`)}`,
    ...images.map((file, index) => {
      const size = gibibytes(more[index]?.bytes ?? 0);
      return `openstack volume create --size ${size} --image ${word(file)} ${word(file)}`;
    }),
    `openstack server create --image ${name} --flavor ${word(`${guest.name}-flavor`)} --network "$NETWORK"${images
      .map(
        (file) =>
          ` --block-device source_type=volume,uuid="$(openstack volume show -f value -c id ${word(file)})",destination_type=volume`,
      )
      .join('')} ${name}`,
  ]);
}

function proxmox(guest: ExportedGuest): string {
  const nets = Array.from(
    { length: guest.interfaces },
    (_, index) => ` --net${index} virtio,bridge=vmbr0`,
  ).join('');
  const imports = [...guest.disks.map(({ file }) => file), guest.seed].map(
    (file, index) => `qm set "$ID" --virtio${index} "$STORAGE:0,import-from=$PWD/"${word(file)}`,
  );
  return script(guest.notes, [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's words
    'ID=${ID:-$(pvesh get /cluster/nextid)} STORAGE=${STORAGE:-local-lvm}',
    `qm create "$ID" --name ${labelOf(guest.name)} --memory ${guest.memoryMebibytes} --cores ${guest.cpus} --ostype l26 --serial0 socket${nets}`,
    ...imports,
    'qm set "$ID" --boot order=virtio0',
  ]);
}

/** The file that makes the guest: its name and its text. */
export function manifestOf(format: ExportFormat, guest: ExportedGuest): { file: string; text: string } {
  if (format === 'kubevirt') return { file: `${labelOf(guest.name)}.yaml`, text: kubevirt(guest) };
  return { file: `${format}.sh`, text: format === 'openstack' ? openstack(guest) : proxmox(guest) };
}
