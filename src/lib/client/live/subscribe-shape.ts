import {
	FetchError,
	ShapeStream,
	type Message,
	type Offset,
	type Row,
	type ShapeStreamOptions
} from '@electric-sql/client';
import { parsers, type KeyedRow, type Value, type ValueRow } from '#engine/shape';
import { liveFetch, markCatchingUp, onCarrierState } from './connection.ts';

/** What a page binds to. */
export interface LiveShape {
	/** `org/project` */
	readonly project: string;
	/** `module.view` */
	readonly table: string;
	/** Short hash of the release that the page is of. */
	readonly release?: string | undefined;
	/** In the filter language. */
	readonly where?: string | undefined;
	/** `1` for `$1`, others for `param('name')`. */
	readonly params?: Readonly<Record<string, string>> | undefined;
	readonly columns?: readonly string[] | undefined;
}

/** Where the server's rendering left off. */
export interface ShapeStart {
	readonly handle: string;
	readonly offset: string;
	readonly rows: readonly KeyedRow[];
}

export interface ShapeChange {
	readonly operation: 'insert' | 'update' | 'delete';
	readonly key: string;
	/** The whole row; of a delete, what it was. */
	readonly value: ValueRow;
	/** Of an update: what the changed columns held before. */
	readonly old?: ValueRow;
}

/** `refused`: the server does not give this shape (any more); `problem` says why. */
export type ShapeStatus = 'catching-up' | 'live' | 'offline' | 'refused';

export interface ShapeProblem {
	/** HTTP status: 400, 401, 403 … */
	readonly status: number;
	readonly message: string;
}

export interface ShapeListener {
	/** Whole transactions, in order. */
	onChange(changes: readonly ShapeChange[]): void;
	/** The shape begins anew with these rows, all of them. */
	onReset(rows: readonly KeyedRow[]): void;
	onStatus?(status: ShapeStatus, problem?: ShapeProblem): void;
}

/**
 * Follows a shape until it is closed. With a start, only what changed since is told; without, `onReset`
 * gives the rows first.
 */
export function subscribeShape(
	shape: LiveShape,
	start: ShapeStart | undefined,
	listener: ShapeListener
): { close(): void } {
	const aborter = new AbortController();
	const state = new ShapeState(start === undefined, listener);
	const stream = new ShapeStream<Row<Value>>({
		url: new URL('/v1/shape', location.origin).toString(),
		params: paramsOf(shape) as ExternalParams,
		...(start ? { handle: start.handle, offset: start.offset as Offset } : {}),
		parser: parsers as never,
		signal: aborter.signal,
		fetchClient: liveFetch,
		warnOnHttp: false,
		backoffOptions: { initialDelay: 250, maxDelay: 10_000, multiplier: 2, maxRetries: Infinity }
	});
	const leave = onCarrierState((carrier) => state.offline(carrier === 'offline'));
	stream.subscribe(
		(messages) => state.take(messages as Message<Row<Value>>[]),
		(error) => state.refuse(problemOf(error))
	);
	return {
		close() {
			aborter.abort();
			leave();
			stream.unsubscribeAll();
			state.close();
		}
	};
}

type ExternalParams = NonNullable<ShapeStreamOptions['params']>;

function paramsOf(shape: LiveShape): Record<string, string> {
	const params = Object.entries(shape.params ?? {}).map(([name, value]) => [`params[${name}]`, value]);
	return {
		project: shape.project,
		table: shape.table,
		replica: 'full',
		...(shape.release ? { release: shape.release } : {}),
		...(shape.where ? { where: shape.where } : {}),
		...(shape.columns
			? { columns: shape.columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(',') }
			: {}),
		...(Object.fromEntries(params) as Record<string, string>)
	};
}

function problemOf(error: Error): ShapeProblem {
	if (!(error instanceof FetchError)) return { status: 0, message: error.message };
	const told = error.json as { message?: string; errors?: Record<string, string[]> } | undefined;
	const details = Object.values(told?.errors ?? {}).flat();
	return { status: error.status, message: details[0] ?? told?.message ?? error.message };
}

/** Gathers messages until a reader has all of them, so that no transaction is shown in part. */
class ShapeState {
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
		headers: { operation: ShapeChange['operation'] };
	}): void {
		const { key, value, old_value: old } = message;
		const { operation } = message.headers;
		this.#upToDate = false;
		if (!this.#beginning) this.#changes.push({ operation, key, value, ...(old ? { old } : {}) });
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
