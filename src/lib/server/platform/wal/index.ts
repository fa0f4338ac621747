export { formatLsn, parseLsn, type Lsn } from './lsn.ts';
export { openWalStream, type WalOptions, type WalStream } from './stream.ts';
export type * from './messages.ts';
