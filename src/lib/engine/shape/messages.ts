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
	readonly txids: readonly bigint[];
	/** The last change of its batch in this shape. */
	readonly last: boolean;
}

/** Makes the messages of one relation as JSON text. */
export function messageEncoder(relation: readonly [string, string]) {
	const prefix = relationPrefix(relation);
	const relationJson = JSON.stringify(relation);
	return {
		/** A row of the snapshot: an insert without an lsn. */
		row(key: string, value: TextRow): string {
			const headers = `{"operation":"insert","relation":${relationJson}}`;
			return `{"key":${JSON.stringify(fullKey(prefix, key))},"value":${JSON.stringify(value)},"headers":${headers}}`;
		},
		change(change: ShapeChange, place: ChangePlace): string {
			const key = JSON.stringify(fullKey(prefix, change.key));
			const old = change.oldValue ? `,"old_value":${JSON.stringify(change.oldValue)}` : '';
			const headers =
				`{"operation":"${change.operation}","txids":[${place.txids.join(',')}],"relation":${relationJson},` +
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

export const mustRefetchBody = '[{"headers":{"control":"must-refetch"}}]';

export function invalidRequestBody(errors: Readonly<Record<string, readonly string[]>>): string {
	return JSON.stringify({ message: 'Invalid request', errors });
}
