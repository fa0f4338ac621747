import type { Message, Row } from '@electric-sql/client';
import type { Value, ValueRow } from '#engine/shape';
import { markCatchingUp } from './connection.ts';
import type { ShapeChange, ShapeListener, ShapeProblem, ShapeStatus } from './types.ts';

/** Gathers messages until a reader has all of them, so that no transaction is shown in part. */
export class ShapeState {
	readonly #listener: ShapeListener;
	/** Rows of a new beginning, until it is complete. */
	#beginning: Map<string, ValueRow> | undefined;
	#changes: ShapeChange[] = [];
	#status: ShapeStatus | undefined;
	#upToDate = false;
	#isOffline = false;

	constructor(begins: boolean, listener: ShapeListener) {
		this.#listener = listener;
		this.#beginning = begins ? new Map() : undefined;
		this.#show();
	}

	take(messages: readonly Message<Row<Value>>[]): void {
		for (const message of messages) {
			if ('key' in message) this.#change(message as never);
			else if (message.headers['control'] === 'up-to-date') this.#complete();
			else if (message.headers['control'] === 'must-refetch') this.#beginAnew();
		}
		this.#show();
	}

	offline(is: boolean): void {
		this.#isOffline = is;
		this.#show();
	}

	refuse(problem: ShapeProblem): void {
		this.#status = 'refused';
		markCatchingUp(this, false);
		this.#listener.onStatus?.('refused', problem);
	}

	close(): void {
		markCatchingUp(this, false);
		this.#status = 'refused';
	}

	#change(message: {
		key: string;
		value: ValueRow;
		old_value?: ValueRow;
		headers: { operation: ShapeChange['operation']; lsn?: string };
	}): void {
		const { key, value, old_value: old } = message;
		const { operation, lsn } = message.headers;
		const seq = BigInt(lsn ?? 0);
		this.#upToDate = false;
		if (!this.#beginning) this.#changes.push({ operation, key, value, seq, ...(old ? { old } : {}) });
		else if (operation === 'delete') this.#beginning.delete(key);
		else this.#beginning.set(key, { ...this.#beginning.get(key), ...value });
	}

	#complete(): void {
		this.#upToDate = true;
		if (this.#beginning) {
			const rows = [...this.#beginning].map(([key, value]) => ({ key, value }));
			this.#beginning = undefined;
			this.#listener.onReset(rows);
		} else if (this.#changes.length > 0) {
			const changes = this.#changes;
			this.#changes = [];
			this.#listener.onChange(changes);
		}
	}

	#beginAnew(): void {
		this.#upToDate = false;
		this.#changes = [];
		this.#beginning = new Map();
	}

	#show(): void {
		if (this.#status === 'refused') return;
		const status = this.#isOffline ? 'offline' : this.#upToDate ? 'live' : 'catching-up';
		if (status === this.#status) return;
		this.#status = status;
		markCatchingUp(this, status === 'catching-up');
		this.#listener.onStatus?.(status);
	}
}
