import { fullKey, relationPrefix } from './key.ts';
import type { TextRow } from './values.ts';

/** A change as one shape shows it; the key without its relation. */
export interface ShapeChange {
	readonly operation: 'insert' | 'update' | 'delete';
	readonly key: string;
	readonly value: TextRow;
	/** Of an update under `replica=full`: what the changed columns held before. */
	readonly oldValue?: TextRow;
}

export interface ChangePlace {
	readonly seq: bigint;
	/** From 1. */
	readonly op: number;
	/** Of the whole batch. */
	readonly txids: readonly bigint[];
	/** The last change of its batch in this shape. */
	readonly last: boolean;
}

/**
 * A batch of more transactions than these names them in its last change alone: in every one, a burst would grow
 * with its square. Whoever waits for one of them waits for the end of the batch anyway.
 */
const mostRepeatedTxids = 16;

/** Makes the messages of one relation as JSON text. */
export function messageEncoder(relation: readonly [string, string]) {
	const prefix = relationPrefix(relation);
	const relationJson = JSON.stringify(relation);
	return {
		/** A row of a snapshot: an insert without an lsn; of a subset with the mark of its answer. */
		row(key: string, value: TextRow, mark?: number): string {
			const marked = mark === undefined ? '' : `,"snapshot_mark":${mark}`;
			const headers = `{"operation":"insert","relation":${relationJson}${marked}}`;
			return `{"key":${JSON.stringify(fullKey(prefix, key))},"value":${JSON.stringify(value)},"headers":${headers}}`;
		},
		change(change: ShapeChange, place: ChangePlace): string {
			const key = JSON.stringify(fullKey(prefix, change.key));
			const old = change.oldValue ? `,"old_value":${JSON.stringify(change.oldValue)}` : '';
			const named = place.last || place.txids.length <= mostRepeatedTxids;
			const txids = named ? `"txids":[${place.txids.join(',')}],` : '';
			const headers =
				`{"operation":"${change.operation}",${txids}"relation":${relationJson},` +
				`"lsn":"${place.seq}","op_position":${place.op}${place.last ? ',"last":true' : ''}}`;
			return `{"key":${key},"value":${JSON.stringify(change.value)}${old},"headers":${headers}}`;
		}
	};
}

export type MessageEncoder = ReturnType<typeof messageEncoder>;

/**
 * Everything up to the journal's batch `seq` has been sent. Nothing is said of position 0: under SSE the
 * client would make `0_0` of it, which is an offset of the snapshot.
 */
export function upToDateMessage(seq: bigint): string {
	const seen = seq > 0n ? `,"global_last_seen_lsn":"${seq}"` : '';
	return `{"headers":{"control":"up-to-date"${seen}}}`;
}

/** A snapshot of Postgres, which it prints as `xmin:xmax:xip,…`, as the protocol has it. */
function snapshotFields(snapshot: string) {
	const [xmin, xmax, list = ''] = snapshot.split(':');
	return { xmin, xmax, xip_list: list === '' ? [] : list.split(',') };
}

/**
 * The rows before it are all that this snapshot of Postgres shows: whoever waits for a transaction that it
 * sees need not wait any longer.
 */
export function snapshotEndMessage(snapshot: string): string {
	return `{"headers":${JSON.stringify({ control: 'snapshot-end', ...snapshotFields(snapshot) })}}`;
}

/** The snapshot of Postgres that a subset's rows show. */
export interface SubsetMark {
	/** As Postgres prints it. */
	readonly snapshot: string;
	/** The position of the journal that goes with it. */
	readonly seq: bigint;
	/** Tells the answer's rows from those of other answers. */
	readonly mark: number;
}

export function subsetBody({ snapshot, seq, mark }: SubsetMark, rows: readonly string[]): string {
	const metadata = { ...snapshotFields(snapshot), snapshot_mark: mark, database_lsn: String(seq) };
	return `{"metadata":${JSON.stringify(metadata)},"data":[${rows.join(',')}]}`;
}

export const mustRefetchBody = '[{"headers":{"control":"must-refetch"}}]';

export function invalidRequestBody(errors: Readonly<Record<string, readonly string[]>>): string {
	return JSON.stringify({ message: 'Invalid request', errors });
}
