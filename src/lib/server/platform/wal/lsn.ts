/** A byte position in the WAL. */
export type Lsn = bigint;

/** `16/B374D848`, as Postgres prints it. */
export function formatLsn(lsn: Lsn): string {
	return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

export function parseLsn(text: string): Lsn {
	const [high = '', low = ''] = text.split('/');
	return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
