/**
 * `<shape>-<position>-<chunks>-<nonce>`: the hash of the resolved shape, the journal position of the snapshot
 * that the handle's log begins with, of how many chunks that is, and a random part, so that no handle ever
 * comes back with other chunks. Any node that resolves the request to the same shape hash can serve journal
 * offsets of it, and knows after which chunk the journal follows.
 */
export interface Handle {
	/** 24 hex digits. */
	readonly shape: string;
	readonly position: bigint;
	/** 0: it begins without a snapshot. */
	readonly chunks: number;
	readonly nonce: string;
}

const pattern = /^([0-9a-f]{24})-(0|[1-9]\d{0,19})-(0|[1-9]\d{0,8})-([0-9a-z]{6,13})$/;

export function parseHandle(text: string): Handle | undefined {
	const match = pattern.exec(text);
	if (!match) return undefined;
	return {
		shape: match[1]!,
		position: BigInt(match[2]!),
		chunks: Number(match[3]),
		nonce: match[4]!
	};
}

export function formatHandle({ shape, position, chunks, nonce }: Handle): string {
	return `${shape}-${position}-${chunks}-${nonce}`;
}
