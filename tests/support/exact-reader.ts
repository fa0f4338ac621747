import {
	isChangeMessage,
	isControlMessage,
	ShapeStream,
	type ChangeMessage,
	type Message
} from '@electric-sql/client';

type Row = Record<string, unknown>;

/**
 * Reads a view with the official client and holds it to the letter: an insert of a row that is there, or an
 * update or delete of one that is not, is a change that was doubled or lost.
 */
export interface ExactReader {
	readonly rows: ReadonlyMap<string, Row>;
	/** What did not follow from what came before. */
	readonly faults: readonly string[];
	/** How often it was told to fetch all again. */
	readonly refetches: number;
	/** When the newest change came. */
	readonly changedAt: number;
	stop(): void;
}

export function readExactly(options: {
	readonly url: string;
	readonly token: string;
	readonly table: string;
}): ExactReader {
	const rows = new Map<string, Row>();
	const faults: string[] = [];
	let refetches = 0;
	let changedAt = 0;
	const abort = new AbortController();
	const stream = new ShapeStream({
		url: `${options.url}/v1/shape`,
		params: { table: options.table, project: 'home/main', replica: 'full' },
		headers: { authorization: `Bearer ${options.token}` },
		backoffOptions: { initialDelay: 50, maxDelay: 500, multiplier: 1.5 },
		signal: abort.signal,
		// a node that is gone, or not ready, is asked again
		onError: () => ({})
	});

	function apply({ key, value, headers }: ChangeMessage): void {
		changedAt = Date.now();
		if (headers.operation === 'insert' ? rows.has(key) : !rows.has(key)) {
			faults.push(`${options.table}: ${headers.operation} of ${key} at ${String(headers['lsn'])}`);
		}
		if (headers.operation === 'delete') rows.delete(key);
		else rows.set(key, value);
	}

	stream.subscribe(
		(messages: Message[]) => {
			for (const message of messages) {
				if (isChangeMessage(message)) apply(message);
				else if (isControlMessage(message) && message.headers.control === 'must-refetch') {
					refetches++;
					rows.clear();
				}
			}
		},
		() => {}
	);
	return {
		rows,
		faults,
		get refetches() {
			return refetches;
		},
		get changedAt() {
			return changedAt;
		},
		stop: () => abort.abort()
	};
}
