import { createSocket, type Socket } from 'node:dgram';

/** Its own address, and the network that it hands out addresses of. */
const SERVER = [192, 0, 2, 254];
const MASK = [255, 255, 255, 0];
const SERVER_MAC = Buffer.from('5254006761fe', 'hex');
const FIRST_ADDRESS = 100;
const LEASE_SECONDS = 3600;

/** Lengths in bytes of the headers before a DHCP message, and of its fixed part (RFC 2131, figure 1). */
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const FIXED_BYTES = 236;
const COOKIE = Buffer.from([99, 130, 83, 99]);

/** Options and message types of RFC 2132. */
const OPTION = { mask: 1, lease: 51, type: 53, server: 54, client: 61, end: 255 } as const;
const TYPE = { discover: 1, offer: 2, request: 3, acknowledge: 5 } as const;

/** A DHCP message of a client. */
interface Asked {
  mac: Buffer;
  message: Buffer;
  type: number;
  /** What the client calls itself, in hexadecimal digits; by its MAC address where it says nothing. */
  client: string;
}

/**
 * A DHCP server on a segment of QEMU's (`-netdev socket,mcast=`), whose frames are datagrams of a multicast group. As
 * RFC 2131, 4.2 asks, a client is who it says it is (option 61): two with the same identifier get the same address, whatever
 * their MAC addresses are. QEMU's own server looks at these alone.
 */
export class DhcpServer {
  /** Last byte of the address that each client has, by its identifier. */
  readonly #leases = new Map<string, number>();
  readonly #socket: Socket;
  readonly #group: string;
  readonly #port: number;

  /** @param segment address and port of the multicast group, such as `230.0.0.72:17872` */
  constructor(segment: string) {
    const [group = '', port] = segment.split(':');
    this.#group = group;
    this.#port = Number(port);
    this.#socket = createSocket({ type: 'udp4', reuseAddr: true });
    this.#socket.on('message', (frame) => this.#serve(frame));
  }

  /** @throws the system's error if the group cannot be joined */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(this.#port, resolve);
    });
    this.#socket.addMembership(this.#group, '127.0.0.1');
    this.#socket.setMulticastInterface('127.0.0.1');
    this.#socket.setMulticastLoopback(true);
  }

  close(): void {
    this.#socket.close();
  }

  #serve(frame: Buffer): void {
    const asked = parseFrame(frame);
    if (asked === undefined) return;
    const { type, client } = asked;
    const last = this.#leases.get(client) ?? FIRST_ADDRESS + this.#leases.size;
    this.#leases.set(client, last);
    if (type !== TYPE.discover && type !== TYPE.request) return;
    const answer = type === TYPE.discover ? TYPE.offer : TYPE.acknowledge;
    this.#socket.send(renderFrame(asked, answer, last), this.#port, this.#group);
  }
}

/** @returns nothing for a frame that is no message of a client to a server */
function parseFrame(frame: Buffer): Asked | undefined {
  if (frame.length < ETHERNET_BYTES + IP_BYTES + UDP_BYTES + FIXED_BYTES + COOKIE.length) return undefined;
  const isUdp = frame.readUInt16BE(12) === 0x0800 && frame.readUInt8(ETHERNET_BYTES + 9) === 17;
  const udp = ETHERNET_BYTES + (frame.readUInt8(ETHERNET_BYTES) & 0x0f) * 4;
  if (!isUdp || frame.readUInt16BE(udp + 2) !== 67) return undefined;
  const message = frame.subarray(udp + UDP_BYTES);
  if (!message.subarray(FIXED_BYTES, FIXED_BYTES + COOKIE.length).equals(COOKIE)) return undefined;
  const mac = message.subarray(28, 34);
  const options = parseOptions(message.subarray(FIXED_BYTES + COOKIE.length));
  const client = options.get(OPTION.client) ?? Buffer.concat([Buffer.from([1]), mac]);
  return { mac, message, type: options.get(OPTION.type)?.[0] ?? 0, client: client.toString('hex') };
}

function parseOptions(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length && bytes[at] !== OPTION.end; ) {
    const code = bytes[at] ?? 0;
    // One byte of padding, without a length.
    if (code === 0) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    options.set(code, bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}

/** An answer to everybody on the segment: a client has no address yet. */
function renderFrame({ message, mac }: Asked, type: number, last: number): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  // A reply, over Ethernet, with the client's transaction number, flags and address.
  fixed.set([2, 1, 6, 0]);
  message.copy(fixed, 4, 4, 8);
  message.copy(fixed, 10, 10, 12);
  fixed.set([...SERVER.slice(0, 3), last], 16);
  fixed.set(SERVER, 20);
  fixed.set(mac, 28);
  const options = Buffer.from([
    ...[OPTION.type, 1, type],
    ...[OPTION.server, 4, ...SERVER],
    ...[OPTION.lease, 4, 0, 0, LEASE_SECONDS >> 8, LEASE_SECONDS & 0xff],
    ...[OPTION.mask, 4, ...MASK],
    OPTION.end,
  ]);
  const payload = Buffer.concat([fixed, COOKIE, options]);
  const udp = Buffer.alloc(UDP_BYTES);
  udp.writeUInt16BE(67, 0);
  udp.writeUInt16BE(68, 2);
  // Without a checksum, as RFC 768 allows.
  udp.writeUInt16BE(UDP_BYTES + payload.length, 4);
  const ip = Buffer.alloc(IP_BYTES);
  ip.set([0x45, 0]);
  ip.writeUInt16BE(IP_BYTES + UDP_BYTES + payload.length, 2);
  ip.set([64, 17], 8);
  ip.set(SERVER, 12);
  ip.set([255, 255, 255, 255], 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const ethernet = Buffer.concat([Buffer.alloc(6, 0xff), SERVER_MAC, Buffer.from([0x08, 0x00])]);
  return Buffer.concat([ethernet, ip, udp, payload]);
}

/** Of an IPv4 header (RFC 1071). */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
