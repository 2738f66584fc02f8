import {
  hasParts,
  isAbsentOr,
  isAnyOf,
  isFlag,
  isListOf,
  isNumeric,
  isOneOf,
  isText,
  isTexts,
  isTrue,
  isWhole,
} from '../../machine/formats/shape.ts';
import type {
  AptConfig,
  FileConfig,
  GuestConfig,
  KeyboardConfig,
  LocaleConfig,
  MountConfig,
  Origin,
  PackagesConfig,
  PostBootConfig,
  PowerStateConfig,
  ScriptConfig,
  SwapFileConfig,
  TimeServerConfig,
} from '../guest-config.ts';
import type {
  BondConfig,
  BridgeConfig,
  DhcpOptions,
  InterfaceAddress,
  InterfaceConfig,
  Route,
  RoutingRule,
  VlanConfig,
} from '../interface-config.ts';
import type { LoginPolicy, UserConfig } from '../user-config.ts';

/* What a configuration and its parts are in a file: the steps rely on each of these. */

const text = isAbsentOr(isText);
const texts = isAbsentOr(isTexts);
const flag = isAbsentOr(isFlag);
const mark = isAbsentOr(isTrue);
const number = isAbsentOr(isNumeric);
const isFamily = isOneOf(4, 6);

export const isAddress = hasParts<InterfaceAddress>({
  family: isFamily,
  address: isText,
  prefixLength: isWhole,
  gateway: text,
  gatewayOnLink: mark,
});

const isRoute = hasParts<Route>({
  family: isFamily,
  to: isText,
  via: text,
  onLink: mark,
  metric: number,
  table: number,
});

const isRule = hasParts<RoutingRule>({ family: isFamily, from: isText, table: isWhole, priority: number });

const isDhcp = hasParts<DhcpOptions>({
  metric: number,
  useDns: flag,
  useRoutes: flag,
  identifier: isAbsentOr(isOneOf('mac')),
});

const isVirtual = isAnyOf(
  hasParts<BondConfig>({
    kind: isOneOf('bond'),
    members: isTexts,
    mode: text,
    miimonMilliseconds: number,
    lacpRate: text,
    transmitHashPolicy: text,
    primary: text,
  }),
  hasParts<VlanConfig>({ kind: isOneOf('vlan'), link: isText, id: isWhole }),
  hasParts<BridgeConfig>({
    kind: isOneOf('bridge'),
    members: isTexts,
    spanningTree: flag,
    forwardDelaySeconds: number,
  }),
);

const isInterface = hasParts<InterfaceConfig>({
  id: text,
  number,
  mac: text,
  name: text,
  driver: text,
  setName: text,
  setMac: text,
  virtual: isAbsentOr(isVirtual),
  mtu: number,
  addresses: isListOf(isAddress),
  dhcp4: isAbsentOr(isDhcp),
  dhcp6: isAbsentOr(isDhcp),
  acceptRa: flag,
  routes: isAbsentOr(isListOf(isRoute)),
  rules: isAbsentOr(isListOf(isRule)),
  resolvers: texts,
  searchDomains: texts,
  optional: mark,
  mayBeMissing: mark,
});

const isUser = hasParts<UserConfig>({
  name: text,
  passwordHash: text,
  plainPassword: text,
  randomPassword: mark,
  passwordOnlyIfNone: mark,
  lockPassword: flag,
  expirePassword: flag,
  expiresOn: text,
  sshKeys: isTexts,
  gecos: text,
  primaryGroup: text,
  withoutOwnGroup: mark,
  groups: texts,
  mayBeDefault: mark,
  isThere: mark,
  shell: text,
  home: text,
  withoutHome: flag,
  uid: number,
  isSystem: flag,
  sudo: texts,
});

const isLogin = hasParts<LoginPolicy>({ passwordBySsh: flag, disableRoot: flag });
const isPostBoot = hasParts<PostBootConfig>({ scriptArguments: text, command: text });

const isScript = hasParts<ScriptConfig>({
  name: isText,
  content: isText,
  when: isOneOf('early', 'post-boot'),
  repeat: isOneOf('once', 'until-success', 'each-boot'),
  timeoutSeconds: number,
});

export const isFile = hasParts<FileConfig>({
  path: isText,
  content: isText,
  mode: isWhole,
  owner: isAbsentOr(hasParts<NonNullable<FileConfig['owner']>>({ user: isText, group: isText })),
  append: flag,
  late: flag,
  secret: mark,
});

const isMount = hasParts<MountConfig>({
  device: isText,
  mountPoint: isText,
  type: isText,
  options: isTexts,
  remove: mark,
});

const isSwapFile = hasParts<SwapFileConfig>({
  path: text,
  size: isAnyOf(isNumeric, isOneOf('auto')),
  maxSize: number,
});

export const isTimeServers = hasParts<TimeServerConfig>({ servers: isTexts, pools: isTexts });

export const isPackages = hasParts<PackagesConfig>({
  update: mark,
  upgrade: mark,
  names: isTexts,
  restart: isAbsentOr(isOneOf('if-required')),
});

export const isApt = hasParts<AptConfig>({
  files: isListOf(hasParts<AptConfig['files'][number]>({ path: isText, text: isText, isTemplate: mark })),
  primary: text,
  security: text,
});

const isKeyboard = hasParts<KeyboardConfig>({ layout: isText, model: text, variant: text, options: text });

export const isLocale = hasParts<LocaleConfig>({ language: text, keyboard: isAbsentOr(isKeyboard) });

export const isPowerState = hasParts<PowerStateConfig>({
  mode: isOneOf('poweroff', 'reboot', 'halt'),
  condition: text,
  delayMinutes: number,
  message: text,
});

export const isGuestConfig = hasParts<GuestConfig>({
  hostName: text,
  fqdn: text,
  hostsFile: isAbsentOr(isOneOf('line', 'whole', 'none')),
  interfaces: isAbsentOr(isListOf(isInterface)),
  dhcpOnAll: mark,
  dhcpMetricStep: number,
  resolvers: texts,
  searchDomains: texts,
  users: isAbsentOr(isListOf(isUser)),
  login: isAbsentOr(isLogin),
  postBoot: isAbsentOr(isPostBoot),
  scripts: isAbsentOr(isListOf(isScript)),
  files: isAbsentOr(isListOf(isFile)),
  storedUserData: isAbsentOr(
    hasParts<NonNullable<GuestConfig['storedUserData']>>({ path: isText, content: text }),
  ),
  timeZone: text,
  timeServers: isAbsentOr(isTimeServers),
  swapFile: isAbsentOr(isSwapFile),
  growRoot: flag,
  mounts: isAbsentOr(isListOf(isMount)),
  apt: isAbsentOr(isApt),
  packages: isAbsentOr(isPackages),
  locale: isAbsentOr(isLocale),
  powerState: isAbsentOr(isPowerState),
  finalMessage: text,
});

export const isOrigin = hasParts<Origin>({ setting: isText, value: isText, field: isText });
