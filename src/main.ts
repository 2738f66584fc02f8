import { callProgram, type Loaders } from './call-program.ts';
import { standardOutput } from './machine/runtime/output.ts';
import type { MdataName } from './mdata/names.ts';

const mdata = (name: MdataName) => async () => ({
  main: (await import('./mdata/program.ts')).mdataProgram(name),
});

const LOADERS: Loaders = {
  programs: {
    'gandi-bootstrap': () => import('./bootstrap/start.ts'),
    'gandi-mount': () => import('./mount/program.ts'),
    'gandi-config': () => import('./config/program.ts'),
    'gandi-postboot': () => import('./postboot/program.ts'),
    'gandi-guest': () => import('./guest/program.ts'),
    'mdata-get': mdata('mdata-get'),
    'mdata-put': mdata('mdata-put'),
    'mdata-list': mdata('mdata-list'),
    'mdata-delete': mdata('mdata-delete'),
  },
  system: async () => (await import('./plan/real-system.ts')).realSystem(),
};

// Whatever the caller's is: files that others are to read must come out so, and none be for all to write.
process.umask(0o022);
const call = { name: process.argv0, args: process.argv.slice(2), isRoot: process.geteuid?.() === 0 };

// Not top-level await: the bundle for Node.js is CommonJS.
void callProgram(call, LOADERS, standardOutput).then((status) => {
  process.exitCode = status;
});
