import { assert } from '#kernel';
import type { Begin, Commit, Delete, Insert, Relation, Truncate, Update, WalMessage } from '#platform/wal';
import { widenXid } from './pg-snapshot.ts';
import { TableCollector } from './table-collector.ts';
import { tableId } from './table-id.ts';
import type { Interest, SourceTransaction, Xid } from './types.ts';

export interface AssemblerOptions {
	/** What is wanted of a table now; undefined: nothing. */
	interest(schema: string, table: string): Interest | undefined;
	/** Any recent xmax, 64 bit: see `widenXid`. */
	xidReference(): Xid;
	onTransaction(transaction: SourceTransaction): void;
	/** A message of Loam's own prefix: a fence's marker. */
	onMarker(nonce: string): void;
}

export const markerPrefix = 'loam';

/** Makes transactions of one connection's messages, in commit order. */
export class Assembler {
	readonly #options: AssemblerOptions;
	#begin: Begin | undefined;
	#tables = new Map<string, TableCollector>();

	constructor(options: AssemblerOptions) {
		this.#options = options;
	}

	/** Whether a transaction has begun that is not yet delivered. */
	get isOpen(): boolean {
		return this.#begin !== undefined;
	}

	add(message: WalMessage): void {
		switch (message.kind) {
			case 'begin':
				this.#begin = message;
				this.#tables = new Map();
				return;
			case 'insert':
			case 'update':
			case 'delete':
				return this.#change(message);
			case 'truncate':
				return this.#truncate(message);
			case 'commit':
				return this.#commit(message);
			case 'message':
				if (message.prefix === markerPrefix && !message.transactional)
					this.#options.onMarker(message.content);
				return;
			case 'relation':
			case 'origin':
			case 'type':
				return;
		}
	}

	#change(change: Insert | Update | Delete): void {
		this.#collector(change.relation)?.add(change);
	}

	/** What was in the tables before can no longer be listed. */
	#truncate(message: Truncate): void {
		for (const relation of message.relations) this.#collector(relation)?.collapse();
	}

	#collector(relation: Relation): TableCollector | undefined {
		const id = tableId(relation.schema, relation.name);
		const known = this.#tables.get(id);
		if (known) return known;
		const interest = this.#options.interest(relation.schema, relation.name);
		if (!interest) return undefined;
		const made = new TableCollector(relation, interest);
		this.#tables.set(id, made);
		return made;
	}

	#commit({ commitLsn, endLsn }: Commit): void {
		assert(this.#begin, 'a commit without its begin');
		const xid = widenXid(this.#begin.xid, this.#options.xidReference());
		this.#begin = undefined;
		this.#options.onTransaction({ xid, commitLsn, endLsn, tables: this.#tables });
	}
}
