import { testNetworkManagers } from './network-managers.ts';

testNetworkManagers('bookworm', /^eth\d$/, []);
