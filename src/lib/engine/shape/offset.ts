/**
 * A place in a shape's log. Text forms: `-1`, `now`, `0_<chunk>` and `0_inf` inside the snapshot,
 * `<seq>_<op>` in the journal.
 *
 * The journal's first number is 1, so `0_…` is always the snapshot. Entries count from op 1, so
 * `<seq>_0` never names one: it stands for the end of that batch. The client makes such offsets of
 * `global_last_seen_lsn` under SSE, and an up-to-date answer without entries carries one.
 */
export type Offset =
	| { readonly kind: 'before-all' }
	| { readonly kind: 'now' }
	/** After that chunk of the snapshot; `Infinity`: after its last. */
	| { readonly kind: 'snapshot'; readonly chunk: number }
	| JournalOffset;

/** After entry `op` (from 1) of batch `seq`; op 0: after the whole batch. */
export interface JournalOffset {
	readonly kind: 'journal';
	readonly seq: bigint;
	readonly op: number;
}

export const beforeAll: Offset = { kind: 'before-all' };
export const snapshotEnd: Offset = { kind: 'snapshot', chunk: Infinity };

export function journalOffset(seq: bigint, op = 0): Offset {
	return seq === 0n ? snapshotEnd : { kind: 'journal', seq, op };
}

const pattern = /^(0|[1-9]\d{0,19})_(inf|0|[1-9]\d{0,9})$/;

/** Undefined where the text is no offset. */
export function parseOffset(text: string): Offset | undefined {
	if (text === '-1') return beforeAll;
	if (text === 'now') return { kind: 'now' };
	const match = pattern.exec(text);
	if (!match) return undefined;
	const [, first, second] = match as unknown as [string, string, string];
	if (first === '0') return { kind: 'snapshot', chunk: second === 'inf' ? Infinity : Number(second) };
	if (second === 'inf') return { kind: 'journal', seq: BigInt(first), op: 0 };
	return { kind: 'journal', seq: BigInt(first), op: Number(second) };
}

export function formatOffset(offset: Offset): string {
	switch (offset.kind) {
		case 'before-all':
			return '-1';
		case 'now':
			return 'now';
		case 'snapshot':
			return offset.chunk === Infinity ? '0_inf' : `0_${offset.chunk}`;
		case 'journal':
			return `${offset.seq}_${offset.op}`;
	}
}

/** Whether entry `op` (from 1) of batch `seq` comes after the offset. */
export function isAfter(offset: JournalOffset, seq: bigint, op: number): boolean {
	if (seq !== offset.seq) return seq > offset.seq;
	return offset.op !== 0 && op > offset.op;
}
