// test/guest/rootfs.ts
import { existsSync as existsSync2 } from "node:fs";
import { mkdir as mkdir2, readdir as readdir2, rm as rm2, truncate, writeFile } from "node:fs/promises";
import { join as join2 } from "node:path";
import { execa } from "execa";

// test/guest/cache.ts
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
function cacheFolder() {
  return process.env.GANDI_GUEST_CACHE || join(homedir(), ".cache", "gandi-guest");
}
function cacheKey(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}
async function cachedFolder(name, build) {
  const folder = join(cacheFolder(), name);
  await mkdir(cacheFolder(), { recursive: true });
  const release = await lock(`${folder}.lock`);
  try {
    if (!existsSync(folder)) {
      const partial = `${folder}.partial`;
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      await build(partial);
      await rename(partial, folder);
    }
    const now = /* @__PURE__ */ new Date();
    await utimes(folder, now, now);
    return folder;
  } finally {
    release();
  }
}
async function lock(file) {
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"]
  });
  const ended = once(holder, "close").then(([code]) => {
    throw new Error(`cannot lock ${file}: flock ended with status ${code}`);
  });
  await Promise.race([once(holder.stdout, "data"), ended]);
  ended.catch(() => void 0);
  holder.unref();
  return () => holder.stdin.end();
}

// test/guest/progress.ts
var quietMilliseconds = 1e3;
var reminderMilliseconds = 3e4;
var redrawMilliseconds = 500;
var active = [];
async function withProgress(what, work, output = process.stderr) {
  const step = { what, started: Date.now() };
  active.push(step);
  const stop = output.isTTY ? redraw(output) : remind(step, output);
  try {
    const result = await work();
    stop(`${what}: ${seconds(step)} s`);
    return result;
  } catch (error) {
    stop(`${what}: failed after ${seconds(step)} s`);
    throw error;
  } finally {
    active.splice(active.indexOf(step), 1);
  }
}
function redraw(output) {
  const clear = "\r\x1B[K";
  const draw = () => {
    const innermost = active.at(-1);
    if (innermost) output.write(`${clear}${innermost.what}: ${seconds(innermost)} s`);
  };
  draw();
  const timer = setInterval(draw, redrawMilliseconds).unref();
  return (lastLine) => {
    clearInterval(timer);
    output.write(`${clear}${lastLine}
`);
  };
}
function remind(step, output) {
  let announced = false;
  const announce = setTimeout(() => {
    announced = true;
    output.write(`${step.what} \u2026
`);
  }, quietMilliseconds).unref();
  const timer = setInterval(() => {
    output.write(`${step.what}: ${seconds(step)} s so far
`);
  }, reminderMilliseconds).unref();
  return (lastLine) => {
    clearTimeout(announce);
    clearInterval(timer);
    if (announced) output.write(`${lastLine}
`);
  };
}
function seconds(step) {
  return ((Date.now() - step.started) / 1e3).toFixed(1);
}

// test/guest/rootfs.ts
var packages = [
  "adduser",
  "autofs",
  "btrfs-progs",
  "cron",
  "dbus",
  "dosfstools",
  "e2fsprogs",
  "ethtool",
  "fdisk",
  "ifupdown",
  "iproute2",
  "iputils-ping",
  "isc-dhcp-client",
  "kmod",
  "libatomic1",
  "libpam-systemd",
  "linux-image-cloud-amd64",
  "logrotate",
  "netbase",
  "openssh-server",
  "passwd",
  "procps",
  "sudo",
  "systemd",
  "systemd-sysv",
  "udev",
  "xfsprogs"
];
var mirror = process.env.GANDI_GUEST_MIRROR ?? "http://deb.debian.org/debian";
var recipe = "1";
async function rootFileSystem(suite = "bookworm", extraPackages = []) {
  const wanted = [.../* @__PURE__ */ new Set([...packages, ...extraPackages])].sort();
  const key = cacheKey(recipe, suite, ...wanted);
  const tree = await cachedFolder(`rootfs-${suite}-${key}`, async (folder) => {
    await withProgress(`build a Debian ${suite} root file system`, async () => {
      await debootstrap(suite, wanted, folder);
      await makeGeneric(folder);
    });
  });
  return { key, tree, kernel: await onlyFile(tree, "vmlinuz-"), initrd: await onlyFile(tree, "initrd.img-") };
}
async function debootstrap(suite, wanted, folder) {
  if (process.getuid?.() !== 0) throw new Error("debootstrap needs root: run the guest tests as root");
  const downloads = join2(cacheFolder(), `packages-${suite}`);
  await mkdir2(downloads, { recursive: true });
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
  const command = ["debootstrap", "--variant=minbase", `--include=${wanted.join(",")}`];
  const target = [`--cache-dir=${downloads}`, suite, folder, mirror];
  const result = await execa("setpriv", ["--pdeathsig", "KILL", "unshare", ...namespaces, ...command, ...target], {
    all: true,
    reject: false,
    stdin: "ignore",
    env: { DEBIAN_FRONTEND: "noninteractive" }
  });
  if (result.exitCode === 0) return;
  const log = join2(folder, "debootstrap", "debootstrap.log");
  const details = existsSync2(log) ? (await execa("tail", ["-n", "20", log])).stdout : "";
  throw new Error(`debootstrap failed (status ${result.exitCode}): ${result.all.slice(-2e3)}
${details}`);
}
async function makeGeneric(tree) {
  await truncate(join2(tree, "etc/machine-id"));
  await rm2(join2(tree, "var/lib/dbus/machine-id"), { force: true });
  await writeFile(join2(tree, "etc/hostname"), "debian\n");
  await writeFile(join2(tree, "etc/hosts"), "127.0.0.1	localhost\n127.0.1.1	debian\n\n::1	localhost ip6-localhost\n");
  await writeFile(join2(tree, "etc/resolv.conf"), "");
  for (const folder of ["var/lib/apt/lists", "var/cache/apt", "var/log/apt"]) {
    for (const name of await readdir2(join2(tree, folder))) {
      await rm2(join2(tree, folder, name), { recursive: true });
    }
  }
}
async function onlyFile(tree, prefix) {
  const names = (await readdir2(join2(tree, "boot"))).filter((name2) => name2.startsWith(prefix));
  const [name] = names;
  if (!name || names.length !== 1) throw new Error(`${tree}/boot: expected one ${prefix}*, found ${names.length}`);
  return join2(tree, "boot", name);
}

// ../../tmp/build-rootfs.ts
console.log(await rootFileSystem());
