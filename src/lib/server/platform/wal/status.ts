import type { Lsn } from './lsn.ts';

/** Microseconds from 1970 to 2000, where Postgres's clock begins. */
const epochOffset = 946_684_800_000_000n;

/** A Standby Status Update: all up to `flushed` is durable here and need not be sent again. */
export function statusUpdate(received: Lsn, flushed: Lsn): Buffer {
	const buffer = Buffer.allocUnsafe(34);
	buffer.writeUInt8(0x72, 0);
	buffer.writeBigUInt64BE(received, 1);
	buffer.writeBigUInt64BE(flushed, 9);
	buffer.writeBigUInt64BE(flushed, 17);
	buffer.writeBigInt64BE(BigInt(Date.now()) * 1000n - epochOffset, 25);
	buffer.writeUInt8(0, 33);
	return buffer;
}
